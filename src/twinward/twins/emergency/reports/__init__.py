"""Reports of cases, counts, places and hazards."""
