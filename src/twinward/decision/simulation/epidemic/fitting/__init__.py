"""Fits of the epidemic model: contact matrices, mixing, reproduction numbers."""
