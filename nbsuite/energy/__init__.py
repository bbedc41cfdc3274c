"""Estimates of the energy of a decoded sample, from operations and memory traffic."""
