"""One module for each group of routes: decode, call one use case, answer."""
