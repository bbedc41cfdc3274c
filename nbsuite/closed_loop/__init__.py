"""Decoders in a closed loop: simulated neurons see where the cursor is, and the decoder moves it.

The environment is that of the 2025 challenge of NeuroBench (branch ``2025_GC``): a cursor that is
to be brought to a target and kept there. ``exact`` draws the random numbers of the original, step
by step; ``fast`` draws its own, for many trials at once.
"""
