"""How large a recording of one's own can be: no file's header asks for more memory than there is.

The longest recording, a day of samples of 1 ms, stays below all of them.
"""

MOST_STEPS = 1 << 27
MOST_CHANNELS = 1 << 16
MOST_OUTPUTS = 64
MOST_EVENTS = 1 << 29
MOST_SEGMENTS = 1 << 20
MOST_COUNT = (1 << 15) - 1
"""Events of a channel in a step: what int16 holds."""
LONGEST_STEP = 60.0
"""Seconds."""
