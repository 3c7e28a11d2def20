"""The part of MQTT 3.1.1 and 5 that takes readings in: packets read off a socket by the burst."""
