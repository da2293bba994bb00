"""Fire drills: real servers on loopback, with the emitted configuration, under a fault."""
