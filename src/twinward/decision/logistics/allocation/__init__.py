"""How to share supplies over areas and days."""
