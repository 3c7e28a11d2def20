"""The reproduction number as the data show it: plain Cori, and a filter with its uncertainty."""
