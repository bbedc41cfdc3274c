"""Recordings: where they come from, how they are loaded, and their twins."""
