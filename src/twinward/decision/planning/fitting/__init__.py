"""Fits the simulator to the reports of a live emergency and says what may come of it."""
