"""Who was in an area, how long, and how people moved between areas."""
