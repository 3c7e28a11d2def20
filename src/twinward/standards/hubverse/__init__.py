"""Forecast hub files (hubverse): quantile forecasts out and in."""
