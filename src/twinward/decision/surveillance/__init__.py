"""What is happening and what comes next, from counts."""
