"""Passes: verify, issue, revoke, publish; status and objections."""
