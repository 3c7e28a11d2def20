"""One module a page of docs/reference/; each has `make_page() -> str`."""
