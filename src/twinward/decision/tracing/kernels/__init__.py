"""Hot loops of tracing."""
