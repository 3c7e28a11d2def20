"""Alarms of devices: what a rule says of one, told by its edge or found by the centre, once."""
