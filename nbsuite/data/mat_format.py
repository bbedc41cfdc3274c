"""Facts of the recordings' file format, that of the public sessions.

A file of it is MATLAB 7.3, which is HDF5, and holds positions in millimetres and spike times in
seconds.
"""

SAMPLE_SECONDS = 0.004
"""Seconds from one position to the next."""

CM_PER_SECOND = 0.1 / SAMPLE_SECONDS
"""One mm per sample, the unit of labels, in the unit for people."""
