"""The city twin: areas, places, people, sensors, movement."""
