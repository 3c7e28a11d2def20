"""LEARN: plans, measures, diseases, hazards and departments, as validated and versioned data."""
