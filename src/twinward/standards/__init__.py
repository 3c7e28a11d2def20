"""One room for each standard, read and write together; pure."""
