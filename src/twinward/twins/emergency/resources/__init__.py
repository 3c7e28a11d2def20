"""Stocks of resources by area and holder."""
