"""The box at the gate: one process, one file, which senses and acts while the centre is away."""
