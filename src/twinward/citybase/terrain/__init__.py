"""Ground: elevation and other grids, read from what surveys hand out."""
