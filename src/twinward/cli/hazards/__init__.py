"""Hazard models at the command line: cases, cards, verification."""
