"""Whether the geometry of a city model can be: faults of rings, faces, shells and solids."""
