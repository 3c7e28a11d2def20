"""Claims of documents: recorded, accepted or rejected by a person or a rule."""
