"""What people and equipment in the field send: the fallback for a thin link."""
