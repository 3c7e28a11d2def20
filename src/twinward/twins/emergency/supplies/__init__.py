"""Requests for supplies between areas."""
