"""Drill scripts as data, and their rules."""
