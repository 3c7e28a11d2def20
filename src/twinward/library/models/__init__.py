"""Model cards: what each hazard model is, needs, assumes and reached."""
