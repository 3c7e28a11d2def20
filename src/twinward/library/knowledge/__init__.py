"""The knowledge graph, and questions to it."""
