"""Use cases of access: accounts, activations, approvals, the vault, retention, publication,
audit.
"""
