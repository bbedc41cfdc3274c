"""What is said of a session twin: in its own file, and by weights and results that came of it."""

from __future__ import annotations

from dataclasses import dataclass

from nbsuite.untrusted.names import fault_of_name

TWIN_MARK = "-twin"
"""Part of the name of a twin's file, results and pictures."""


GENERATOR_VERSION = 3
"""Version of the generator of twins; those of another are made again, or named old."""


@dataclass(frozen=True)
class TwinInfo:
    """What a twin is a twin of.

    Attributes:
        session: name of the real session.
        fraction: length as a fraction of the real recording's.
        seed: the random seed.
        generator: version of the generator that wrote it.
    """

    session: str
    fraction: float
    seed: int
    generator: int

    @property
    def old(self) -> bool:
        """Whether an earlier generator wrote it, on whose twins decoders come out otherwise."""
        return self.generator < GENERATOR_VERSION

    @property
    def variant(self) -> str:
        """What tells it from other twins of the session: ``twin-seed1-fraction0.1``."""
        return twin_variant(self.seed, self.fraction)


def twin_variant(seed: int, fraction: float) -> str:
    """What tells a twin from others of its session."""
    length = "" if fraction == 1 else f"-fraction{fraction:g}"
    return f"{TWIN_MARK.removeprefix('-')}-seed{seed}{length}"


def fault_of_twin(info: TwinInfo) -> str | None:
    """What is impossible in what is said of a twin, as the end of a sentence; None if nothing."""
    if fault := fault_of_name(info.session):
        return f"has an impossible session: {fault}"
    if not 0 < info.fraction <= 1:
        return f"has the impossible fraction {info.fraction:g}"
    if min(info.seed, info.generator) < 0:
        return "has a negative seed or generator"
    return None
