"""Runners of proofs: what an emitted tree does, checked against what its specs say."""
