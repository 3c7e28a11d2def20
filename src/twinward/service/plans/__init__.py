"""Use cases on plans: the library's, those that may be adopted, readiness."""
