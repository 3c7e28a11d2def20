"""Devices in the field: registered, claimed, replaced, revoked; what is wanted of each and what it
says of itself; orders to them.
"""
