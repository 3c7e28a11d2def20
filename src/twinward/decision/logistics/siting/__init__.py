"""Where to open facilities."""
