"""The simulator's hot loops: free functions over arrays, nothing but NumPy and numba."""
