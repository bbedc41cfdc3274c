"""Figures that challenge-format results have no room for: those of each run's provenance.

Provenance is read from strangers' files: what is missing or of another kind is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from nbsuite.benchmarking.quantities import CHALLENGE
from nbsuite.untrusted.text import one_line

_MOST_FIGURES = 200
_LONGEST_KEY = 80
_LARGEST = 1e300
_CHALLENGE = {quantity.key for quantity in CHALLENGE}


def further_lists(provenance: Mapping[str, object], seeds: int) -> dict[str, list[float]]:
    """The figures beyond the challenge's that every run has, each a list over seeds.

    Args:
        provenance: what lies beside a results file; it may be empty.
        seeds: length of the file's lists; a provenance of other runs tells nothing of them.
    """
    runs = provenance.get("runs")
    if not isinstance(runs, list) or len(runs) != seeds:
        return {}
    figures = [dict(_figures(run)) for run in runs]
    return {
        key: [each[key] for each in figures]
        for key in figures[0]
        if key not in _CHALLENGE and all(key in each for each in figures)
    }


def _figures(run: object) -> Iterator[tuple[str, float]]:
    """The finite numbers among a run's metrics; of several by part, ``metric.part``."""
    metrics = run.get("metrics") if isinstance(run, Mapping) else None
    for key, value in islice(
        metrics.items() if isinstance(metrics, Mapping) else (), _MOST_FIGURES
    ):
        parts = value if isinstance(value, Mapping) else {"": value}
        for part, number in islice(parts.items(), _MOST_FIGURES):
            if _is_finite(number):
                name = f"{key}.{part}" if part else str(key)
                yield one_line(name, _LONGEST_KEY), float(number)


def _is_finite(value: object) -> bool:
    """Whether a value is a number of a size that anything is measured in."""
    return isinstance(value, (int, float)) and type(value) is not bool and abs(value) <= _LARGEST
