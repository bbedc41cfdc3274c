"""``nbsuite submission``."""
