"""Named places, buildings and roads."""
