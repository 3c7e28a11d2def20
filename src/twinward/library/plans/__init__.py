"""Plans as data: read, checked, varied, generated."""
