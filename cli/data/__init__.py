"""``nbsuite data`` and ``nbsuite sessions``."""
