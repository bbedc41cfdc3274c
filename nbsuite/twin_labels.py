"""How session twins are told from real recordings wherever something about them is shown.

A twin is synthetic: nothing that is measured on one says how a decoder does on a brain. So it is
written in capitals, the same everywhere.
"""

from __future__ import annotations

TWIN = "TWIN"
TWINS = "TWINS"
REAL = "real"
REAL_RECORDINGS = "real recordings"

SYNTHETIC = "TWIN: a synthetic recording, not a real one"
"""What a picture of a twin says."""

ALL_SYNTHETIC = "TWINS: synthetic, not real recordings"
"""What a picture of several says."""

TWINS_HEADING = "TWINS, synthetic recordings"
"""What a table of results on twins begins with."""


def kind_of(*, twin: bool) -> str:
    """What a recording is."""
    return TWIN if twin else REAL


def kinds_of(*, twins: bool) -> str:
    """What several recordings are."""
    return TWINS if twins else REAL_RECORDINGS


def recording_of(session: str, *, twin: bool) -> str:
    """A recording of a file's name, in words: ``a TWIN of I1``."""
    return f"a {TWIN} of {session}" if twin else "a real recording"


def recording_meant(*, twin: bool) -> str:
    """Which recording stands for a session: ``its TWIN``."""
    return f"its {TWIN}" if twin else "the real recording"


def marked(name: str, *, twin: bool) -> str:
    """A session's name for people: ``I1 (TWIN)``."""
    return f"{name} ({TWIN})" if twin else name


def with_variant(variant: str | None) -> str:
    """What was measured on, and which twin: ``TWIN (twin-seed1)``."""
    return REAL if variant is None else f"{TWIN} ({variant})"
