"""Wildland fire at the city's edge: Rothermel surface spread, minimum travel time."""
