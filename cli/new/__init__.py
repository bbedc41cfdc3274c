"""``nbsuite new``."""
