"""One module a verb; every use case goes through `service`."""
