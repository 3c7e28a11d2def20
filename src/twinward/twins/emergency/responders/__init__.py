"""Responders in the field who are down: reported, made a task, ended. Never where they walk."""
