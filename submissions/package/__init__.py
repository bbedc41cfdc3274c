"""Submission packages: packed, validated and verified."""
