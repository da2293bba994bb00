"""The checks that are not ours: promtool and amtool."""
