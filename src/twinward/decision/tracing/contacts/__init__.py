"""Contacts of a case with their probabilities and evidence."""
