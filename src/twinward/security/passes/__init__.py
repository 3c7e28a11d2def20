"""Signed passes: keys, tokens, status lists, trust lists, and the offline verifier."""
