"""What is supervised, what was checked of it, and what was found wrong."""
