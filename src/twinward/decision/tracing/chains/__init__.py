"""Transmission chains from line lists."""
