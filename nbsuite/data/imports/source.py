"""What a file of another program holds, by its keys, whatever its format is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nbsuite.suggestions import did_you_mean
from nbsuite.untrusted.fault import FormatFault

_SHOWN = 12


@dataclass(frozen=True, eq=False)
class Array:
    """Numbers, and when they were recorded where the file tells.

    Attributes:
        values: the numbers.
        time: time stamps of the rows in seconds, where the file keeps them together.
        unit: their unit; empty where the file does not tell.
    """

    values: NDArray[Any]
    time: NDArray[np.float64] | None = None
    unit: str = ""


@dataclass(frozen=True, eq=False)
class SpikeTimes:
    """The spike times of each unit, in seconds."""

    units: Sequence[NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Intervals:
    """Starts and ends (n, 2) of stretches of time, in seconds."""

    seconds: NDArray[np.float64]


Found = Array | SpikeTimes | Intervals


class Source(Protocol):
    """An open file.

    Attributes:
        usual_spikes: the key of spikes where none is named; None where there is no such habit.
    """

    usual_spikes: str | None

    def listing(self) -> list[tuple[str, tuple[int, ...] | None]]:
        """All keys with the shape of what they name, where it is known without reading it."""

    def find(self, key: str) -> Found | None:
        """What a key names; None if it names nothing.

        Raises:
            FormatFault: it is damaged, too large or of another kind.
        """


def look_up(source: Source, key: str) -> Found:
    """What a key names.

    Raises:
        FormatFault: it names nothing; the message tells what there is.
    """
    if (found := source.find(key)) is None:
        raise FormatFault(f"lacks {key[:100]!a}: {_instead(source, key)}")
    return found


def array(source: Source, key: str) -> Array:
    """The numbers that a key names.

    Raises:
        FormatFault: it names something else.
    """
    found = look_up(source, key)
    if not isinstance(found, Array):
        raise FormatFault(f"holds something else than an array of numbers as {key}")
    return found


def what_there_is(source: Source) -> str:
    """The keys, for people."""
    keys = source.listing()
    shown = [
        f"{key} ({' x '.join(map(str, shape))})" if shape else key for key, shape in keys[:_SHOWN]
    ]
    more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    return f"it has {', '.join(shown) or 'nothing'}{more}"


def _instead(source: Source, key: str) -> str:
    keys = [each for each, _ in source.listing()]
    return did_you_mean(key, keys, otherwise=what_there_is(source))


def by_number(names: Sequence[str]) -> list[str]:
    """Names in the order of the numbers in them.

    >>> by_number(["unit10", "unit2"])
    ['unit2', 'unit10']
    """

    def parts(name: str) -> list[tuple[int, str]]:
        words = re.split(r"(\d+)", name)
        return [(int(word), "") if word.isdecimal() else (-1, word) for word in words]

    return sorted(names, key=parts)
