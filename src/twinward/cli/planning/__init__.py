"""Verbs of plans, simulation, forecasts and the library."""
