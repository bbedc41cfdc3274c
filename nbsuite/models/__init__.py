"""Decoders, their registry and their checkpoints."""
