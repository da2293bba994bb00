"""Stage, compare and swap: `out/` holds what promtool and amtool accepted, whole or not at all."""
