"""Floods: rain, rivers and tides over a grid, by local inertia in two dimensions."""
