"""Verbs of passes: keys, issue, verify, revoke, list, print, publish."""
