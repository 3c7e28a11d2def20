"""Bundles of rules for the edges: kept, rolled out in stages, rolled back."""
