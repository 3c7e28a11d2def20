"""Verbs of incidents and their tasks, now or as of an instant."""
