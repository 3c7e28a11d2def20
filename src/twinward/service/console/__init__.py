"""What the console's pages read: dashboard, base map, movement, workspaces."""
