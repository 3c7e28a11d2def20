"""MIRROR: the only state, changed only here, only by messages."""
