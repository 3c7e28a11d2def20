"""Use cases that take data in: commands, observations, files, movement, outbreaks."""
