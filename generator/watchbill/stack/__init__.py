"""Real servers on loopback: configuration, targets, and receivers that speak the real protocols."""
