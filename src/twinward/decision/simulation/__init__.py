"""Models of hazards, each in its own room."""
