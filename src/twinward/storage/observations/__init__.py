"""Acknowledged observations: the inbox, latest values, readings by hour."""
