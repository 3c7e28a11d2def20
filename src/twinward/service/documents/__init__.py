"""Documents as use cases: read in a sandbox, their claims recorded, judged by persons or rules."""
