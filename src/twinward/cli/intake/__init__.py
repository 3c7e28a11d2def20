"""Verbs that take data in: a city, cases, observations, movement."""
