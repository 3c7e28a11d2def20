"""Verbs of allocation, siting, routing and supplies."""
