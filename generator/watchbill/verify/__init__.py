"""The judge that is not ours: promtool."""
