"""Decoders, their kinds and their checkpoints."""
