"""The runbook site: built, served, and its links checked."""
