"""Stage, compare and swap: `out/` holds what the judges accepted, whole or not at all."""
