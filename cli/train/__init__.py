"""``nbsuite train``."""
