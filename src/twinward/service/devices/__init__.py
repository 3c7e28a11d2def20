"""Devices in the field and their edges: registry, orders, what is late."""
