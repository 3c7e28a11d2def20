"""Residents, households, schools, work and a day's movement."""
