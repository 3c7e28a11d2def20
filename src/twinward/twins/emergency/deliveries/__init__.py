"""Parcels to people who must not meet anybody: sent, moved, handed over on a code."""
