"""Measured tables; never part of the tests."""
