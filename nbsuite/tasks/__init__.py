"""Tasks: what is decoded from which recordings."""
