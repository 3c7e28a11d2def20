"""The event log with its projections, readers and audit chain."""
