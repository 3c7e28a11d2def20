"""Delivery rounds and vehicle routes."""
