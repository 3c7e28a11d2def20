"""Layers of the city and of society as data, and what a reading of one concerns in others."""
