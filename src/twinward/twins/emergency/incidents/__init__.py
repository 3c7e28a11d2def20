"""Incidents: opened, levelled, developed, closed on evidence."""
