"""Hazard models for a caller: cases, cards and forecasts."""
