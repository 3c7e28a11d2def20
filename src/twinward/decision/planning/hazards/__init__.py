"""Plans against physical hazards, compared on common members."""
