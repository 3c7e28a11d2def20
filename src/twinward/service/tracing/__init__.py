"""Use cases of tracing: questions under a scope, case files, chains."""
