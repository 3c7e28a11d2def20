"""Upkeep: daily jobs, reconciliation, the totals of a run."""
