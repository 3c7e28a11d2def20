"""The HTTP interface: one module a subject; every route goes through `service`."""
