"""What protects persons: vault, keys, masking, suppression, retention."""
