"""Notices, emergency access, and the record of what is done with accounts, keys and data."""
