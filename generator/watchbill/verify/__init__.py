"""Judges that are not ours: promtool and amtool."""
