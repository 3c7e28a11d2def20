"""The scene: buildings of OpenStreetMap or CityJSON as 3D Tiles 1.1 that name the twin's ids."""
