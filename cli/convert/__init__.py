"""``nbsuite convert``."""
