"""Twinward: a digital twin of a city and of its emergencies, and the loop between them."""

__version__ = "0.1.0"
