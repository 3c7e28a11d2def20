"""Readers of single kinds of files; they run in the sandboxed process only."""
