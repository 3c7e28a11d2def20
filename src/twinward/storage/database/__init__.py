"""Databases, their schema and statements."""
