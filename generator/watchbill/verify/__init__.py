"""The judges that are not ours: promtool and amtool."""
