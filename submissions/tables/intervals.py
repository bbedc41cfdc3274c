"""Confidence intervals of R2 as tables show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nbsuite.benchmarking.quantities import R2
from nbsuite.submissions.results.decoders import REMEDY
from nbsuite.submissions.results.formats import EMPTY, Cell, Value

if TYPE_CHECKING:
    from nbsuite.statistics.uncertain import Interval

UNKNOWN = "[-]"
HEADING = "95% interval"

OF_SESSION = "over its reaches (or trials), and its seeds where there are several"
OF_MEAN = "over sessions, with all that scatters within them"


def interval_text(interval: Interval | None) -> str:
    """An interval in brackets, with as many digits as R2 has."""
    if interval is None:
        return UNKNOWN
    return f"[{R2.text(interval.low)}, {R2.text(interval.high)}]"


def interval_values(interval: Interval | None) -> dict[str, Value]:
    """The ends of an interval for programs."""
    return {
        "low": None if interval is None else interval.low,
        "high": None if interval is None else interval.high,
    }


def interval_cell(interval: Interval | None) -> Cell:
    """An interval as a cell of its own."""
    if interval is None:
        return EMPTY
    return Cell(interval_text(interval), interval_values(interval))


def interval_notes(sessions: Sequence[int], *, missing: bool, sign: str) -> list[str]:
    """What intervals are about, and why some are missing.

    Args:
        sessions: for each kind of figure shown the number of sessions that it is a mean over.
        missing: whether an interval is missing.
        sign: what stands for an interval.
    """
    kinds = {count > 1: OF_MEAN if count > 1 else OF_SESSION for count in sessions}
    what = [
        f"{'of a mean' if several else 'of one session'} {about}"
        for several, about in sorted(kinds.items())
    ]
    notes = [
        f"{sign}: the 95 % interval of R2, {'; '.join(what)}. Whether two decoders differ is not"
        " told by whether theirs overlap: `nbsuite compare --decoders` tells it."
    ]
    return [*notes, f"No interval: {REMEDY}"] if missing else notes
