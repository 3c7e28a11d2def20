"""Where to open, how to route, how to share, whom to roster."""
