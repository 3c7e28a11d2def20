"""The flood model's hot loops: free functions over arrays, nothing but NumPy and numba."""
