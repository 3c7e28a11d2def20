"""A person's status with its reason and end, objections against it, and the passes issued."""
