"""Recordings of one's own out of files of other programs."""
