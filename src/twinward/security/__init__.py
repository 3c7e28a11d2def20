"""GUARD: identity, scopes, the identity vault, keys, masking. Nothing else makes a Scope."""
