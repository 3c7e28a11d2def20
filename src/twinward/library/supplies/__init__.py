"""The catalogue of supplies and resources."""
