"""``nbsuite sweep``."""
