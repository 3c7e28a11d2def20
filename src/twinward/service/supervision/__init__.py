"""Supervision: what a module asks of its objects, and what of that is wrong, late or unheard."""
