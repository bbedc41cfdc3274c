"""``nbsuite energy``."""
