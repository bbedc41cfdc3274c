"""Whole studies: their decoders measured, ranked and put into tables."""
