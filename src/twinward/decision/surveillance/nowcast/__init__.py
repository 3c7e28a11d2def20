"""Counts that have happened and are not reported yet, from reporting triangles."""
