"""Reads what a city publishes: tables, outlines, maps; every row is kept or rejected with its
reason.
"""
