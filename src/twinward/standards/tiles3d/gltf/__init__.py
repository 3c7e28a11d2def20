"""glTF 2.0 as content of a tile, with EXT_mesh_features and EXT_structural_metadata."""
