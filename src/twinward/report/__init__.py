"""Figures and pages from results; what they show is already aggregated or masked."""
