"""Verbs that run and score drills."""
