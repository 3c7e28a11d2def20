"""Cases handed over between areas."""
