"""What is supervised: modules as data."""
