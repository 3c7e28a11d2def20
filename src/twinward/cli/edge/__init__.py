"""Verbs of the box at the gate."""
