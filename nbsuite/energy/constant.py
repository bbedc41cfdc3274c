"""A constant of a target, with its source."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Constant:
    """A named figure out of the literature.

    Attributes:
        name: what it is.
        value: the figure.
        unit: its unit.
        source: where it stands: document and table.
        assumption: what was assumed in taking it, such as the mean of a range; none otherwise.
    """

    name: str
    value: float
    unit: str
    source: str
    assumption: str = ""
