"""3D metadata: schemas, entities, property tables, and whether their values hold."""
