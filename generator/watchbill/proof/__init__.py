"""Runners of proofs: what an emitted tree does, held to what its specs say."""
