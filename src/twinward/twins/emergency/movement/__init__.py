"""Movement as counts: what passes the gates of the city, and where transferred people are."""
