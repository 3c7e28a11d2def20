"""Transfers of patients between hospitals."""
