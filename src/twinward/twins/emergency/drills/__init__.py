"""Drills that were run, on record."""
