"""Rules that the centre and the agent at the edge share."""
