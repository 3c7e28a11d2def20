"""The duty log: entries by hand, shifts handed over, alerts acknowledged."""
