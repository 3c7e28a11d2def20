"""Links of risk chains that fired, each with the incident that caused it."""
