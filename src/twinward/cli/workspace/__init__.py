"""Verbs that make, serve, keep and restore a workspace."""
