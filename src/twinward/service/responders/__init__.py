"""Responders and equipment in the field: what they send, who is down, what they are sent."""
