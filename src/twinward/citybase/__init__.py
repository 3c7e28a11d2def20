"""Who lives where: the schema, the synthesis and the memory-mapped columns of a city base."""
