"""Graded warnings: issued by one or two persons or within bounds, acknowledged, ended."""
