"""Framed files and their checksums."""
