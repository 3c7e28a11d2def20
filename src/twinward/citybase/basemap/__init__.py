"""The base map of a city: vector tiles made of the city's own sources, in one PMTiles file."""
