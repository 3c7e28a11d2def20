"""Events that could not be answered, and what was mended, on record."""
