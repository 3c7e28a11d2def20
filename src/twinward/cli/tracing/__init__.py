"""Verbs that trace contacts, presence, crowds, chains and persons."""
