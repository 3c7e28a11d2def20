"""Contactless delivery as use cases: parcels, their codes, holders, receipts, paper."""
