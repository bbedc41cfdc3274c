"""How many units the baselines have, and how they cut the last 50 samples (200 ms)."""

from __future__ import annotations

from nbsuite.models.window import Window

NEURONS = 50
"""Of SNN2's hidden layer."""
UNITS = (32, 48)
"""Of the two hidden layers of the others."""

BUFFER_SAMPLES = 50
SINGLE = Window(BUFFER_SAMPLES, 1, BUFFER_SAMPLES)
PARTED = Window(BUFFER_SAMPLES, 7, 7)
"""The oldest 49 samples of a full buffer: the newest one is seen a step later."""
