"""3D Tiles 1.1 (OGC 22-025r4): reads a tileset and names what is wrong with it."""
