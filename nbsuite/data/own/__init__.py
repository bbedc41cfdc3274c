"""Recordings of one's own: made of arrays, checked, and kept in a file of their own format."""
