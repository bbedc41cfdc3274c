"""Session twins."""
