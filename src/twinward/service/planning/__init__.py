"""Use cases of planning: simulation, comparison of plans, forecasts from the live state."""
