"""The commands: one file each, which holds a command of its own name and is imported only when that is asked for."""
