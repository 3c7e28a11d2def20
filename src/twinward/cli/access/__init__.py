"""Verbs of accounts, activations, approvals, audit, publication and the vault."""
