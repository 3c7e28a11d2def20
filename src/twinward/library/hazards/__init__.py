"""Hazards, diseases and measures as data."""
