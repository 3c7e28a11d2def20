"""Backup, doctor, migration."""
