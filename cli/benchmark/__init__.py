"""``nbsuite benchmark``."""
