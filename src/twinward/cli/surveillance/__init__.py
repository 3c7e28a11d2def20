"""Verbs of surveillance: `twinward surveil …`."""
