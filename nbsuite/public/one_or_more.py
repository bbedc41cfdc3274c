"""One thing where several may be given: people write ``metrics="r2"``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any


def one_or_more(given: Any) -> tuple[Any, ...]:
    """What is given, as several: a text, a path, or whatever else is no sequence, is one."""
    if isinstance(given, str | os.PathLike) or not isinstance(given, Sequence):
        return (given,)
    return tuple(given)
