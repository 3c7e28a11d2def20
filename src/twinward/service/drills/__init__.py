"""Use cases of drills: fenced copies, entries, scores."""
