"""What a layer's series say: sensors that are stuck, drift or were exchanged, and what comes."""
