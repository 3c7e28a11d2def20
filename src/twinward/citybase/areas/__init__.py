"""Areas: hierarchy, outlines, cells, which area holds a point."""
