"""Misuse seen by machine."""
