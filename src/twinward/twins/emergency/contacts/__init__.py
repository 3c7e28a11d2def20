"""Contacts of cases and what is done for each."""
