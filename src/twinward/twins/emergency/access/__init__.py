"""Activations, and the record of every look at a person."""
