"""What people can reach near their homes, and what is left of it when streets are closed."""
