"""Mutants: one change at a time in what is emitted, of which the proofs must find every one."""
