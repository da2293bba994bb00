"""Send one clearly marked test alert through a real Alertmanager, so that a team sees its own pager ring."""
