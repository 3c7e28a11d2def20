"""Use cases on the city base: build it, describe its residents."""
