"""Changes that need a second person, and appeals."""
