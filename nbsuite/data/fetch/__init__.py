"""Recordings from Zenodo."""
