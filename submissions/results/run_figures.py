"""What challenge-format results have no room for, out of the provenance of their runs.

That is figures beyond the challenge's, what metrics of one's own say of theirs, and what stood
around a decoder.

Provenance is read from strangers' files: what is missing or of another kind is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from nbsuite.benchmarking.quantities import CHALLENGE, ENERGY, LOOKAHEAD, QUANTITIES, Quantity
from nbsuite.energy.recorded import recorded_energy
from nbsuite.twin_info import TwinInfo
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.fields import decode, decode_known
from nbsuite.untrusted.text import one_line

_MOST_FIGURES = 200
_LONGEST_KEY = 80
_LARGEST = 1e300
_MOST_DIGITS = 15
_MOST_NAMES = 8
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
    figures = [dict(_figures(run)) | _energy(run) for run in runs]
    return {
        key: [each[key] for each in figures]
        for key in figures[0]
        if key not in _CHALLENGE and all(key in each for each in figures)
    }


def _energy(run: object) -> dict[str, float]:
    """The estimate of a run's energy, where its figures give one."""
    estimated = recorded_energy(run) if isinstance(run, Mapping) else None
    return {} if estimated is None else {ENERGY.key: estimated}


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


def own_quantities(provenance: Mapping[str, object]) -> dict[str, Quantity]:
    """What metrics of one's own say of their figures, by key."""
    found: dict[str, Quantity] = {}
    for run in _runs(provenance):
        told = run.get("own_metrics")
        for key, content in islice(
            told.items() if isinstance(told, Mapping) else (), _MOST_FIGURES
        ):
            try:
                said = decode_known(_Said, content)
            except (FormatFault, TypeError, AttributeError):
                continue
            key = one_line(str(key), _LONGEST_KEY)
            if key not in QUANTITIES and (said.digits is None or 0 <= said.digits <= _MOST_DIGITS):
                heading = one_line(said.heading, _LONGEST_KEY) or key
                unit = f" ({one_line(said.unit, _LONGEST_KEY)})" if said.unit else ""
                found.setdefault(
                    key,
                    Quantity(
                        key,
                        f"{heading}{unit}",
                        said.more_is_better,
                        digits=said.digits,
                        published_digits=said.digits or 0,
                    ),
                )
    return found


@dataclass(frozen=True)
class _Said:
    """What a metric of one's own says of its figure."""

    heading: str = ""
    unit: str = ""
    digits: int | None = None
    more_is_better: bool | None = None


def processing_remarks(provenance: Mapping[str, object]) -> tuple[str, ...]:
    """What a reader should know of what stood around a decoder, a sentence each."""
    remarks: dict[str, None] = {}
    for run in _runs(provenance):
        processing = run.get("processing")
        for kind, what in (("preprocessors", "input"), ("postprocessors", "output")):
            listed = processing.get(kind) if isinstance(processing, Mapping) else None
            names = [
                one_line(str(each.get("name")), _LONGEST_KEY)
                for each in (listed if isinstance(listed, list) else ())
                if isinstance(each, Mapping)
            ]
            if names:
                remarks[
                    f"Its {what} passes {', '.join(names[:_MOST_NAMES])}, whose own operations and"
                    " footprint are not counted."
                ] = None
        if (ahead := _looks_ahead(run)) is not None:
            remarks[ahead] = None
    return tuple(remarks)


def _looks_ahead(run: Mapping[str, object]) -> str | None:
    """That a run saw samples before they were there, where it did."""
    timing = run.get("timing")
    if isinstance(timing, Mapping) and timing.get("whole_sequence") is True:
        return "Looks ahead to the end of whatever it is given."
    lookahead = dict(_figures(run)).get(LOOKAHEAD.key, 0.0)
    return f"Looks ahead by {lookahead:g} ms." if lookahead > 0 else None


def twin_of(provenance: Mapping[str, object]) -> TwinInfo | None:
    """The twin that the first run was measured on; None where none is told."""
    for run in _runs(provenance):
        data = run.get("data")
        try:
            return decode(TwinInfo, data.get("twin") if isinstance(data, Mapping) else None)
        except FormatFault:
            return None
    return None


def _runs(provenance: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    runs = provenance.get("runs")
    return (run for run in (runs if isinstance(runs, list) else ()) if isinstance(run, Mapping))
