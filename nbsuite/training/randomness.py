"""Random numbers by place instead of by sequence.

Every draw of a training run is keyed by where it occurs: the seed and, say, the stage, epoch and
batch. There is no generator whose state a run would carry along, so that a run which is continued
after an interruption draws what it would have drawn, and no draw depends on another.
"""

from __future__ import annotations

import hashlib

import numpy as np

Place = tuple[str | int, ...]


def key_of(seed: int, *place: str | int, bits: int = 64) -> int:
    """A number of at most ``bits`` (up to 256) that is another one at every place.

    >>> key_of(1, "finetune", 3) == key_of(1, "finetune", 3) != key_of(1, "finetune", 4)
    True
    """
    text = "/".join(map(repr, (seed, *place)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[: bits // 8], "little")


def generator_of(seed: int, *place: str | int) -> np.random.Generator:
    """The random generator of a place."""
    return np.random.Generator(np.random.Philox(key=key_of(seed, *place, bits=128)))
