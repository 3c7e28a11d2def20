"""SENSE and ACT: the border with the real city; direct identities stop here."""
