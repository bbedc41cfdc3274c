"""What nbsuite keeps between runs: a cache that a command has filled, to be damaged."""

from __future__ import annotations

import copy
from pathlib import Path

from tests.adversarial.box import Box
from tests.adversarial.child import run
from tests.adversarial.corpus import NAME, Corpus

READING = ("benchmark", "in/checkpoint.safetensors", "-s", f"in/{NAME}.mat", "-o", "out")
"""Loads a recording out of the cache, where it is there."""

BESIDE = ("in/checkpoint.safetensors", f"in/{NAME}.mat")


def with_cache(corpus: Corpus, box: Box, logs: Path) -> Corpus:
    """The corpus with a filled cache, which holds for this box alone: notes name paths and times.

    Raises:
        RuntimeError: the command that fills it failed.
    """
    box.fill(corpus.take(*BESIDE))
    outcome = run(READING, box.path, box.environment(), logs)
    if outcome.status != 0:
        raise RuntimeError(f"{' '.join(READING)}: {outcome.stderr.decode()}")
    own = copy.copy(corpus)
    kept = {name: data for name, data in box.collect("cache").items() if "lock" not in name}
    own.files = {**corpus.files, **kept}
    own.printed = {**corpus.printed, READING: outcome.stdout}
    return own
