"""Figures, HTML and PDF from results, always through masking."""
