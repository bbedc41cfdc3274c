"""The sums over blocks of results, out of the provenance beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from nbsuite.errors import ResultsError
from nbsuite.statistics.block_errors import BlockErrors, of_all_seeds
from nbsuite.statistics.block_record import from_record
from nbsuite.submissions.results.challenge import provenance_path
from nbsuite.untrusted.fault import FormatFault

_AGREEMENT = 5e-5
"""Of the share of errors 1 - R2, where that is above 1. NeuroBench computes in single precision,
which is 2e-5 off for labels that lie 100,000 standard deviations from 0."""


def block_errors_of(
    file: Path, provenance: Mapping[str, object], r2: Sequence[float]
) -> BlockErrors | None:
    """The sums over blocks of all seeds of a results file.

    Args:
        file: the results file, for messages.
        provenance: what lies beside it.
        r2: R2 of each seed, by the results file.

    Returns:
        None where its provenance has none, as that of earlier versions.

    Raises:
        ResultsError: the provenance is damaged, or the two do not agree.
    """
    runs = provenance.get("runs")
    if not isinstance(runs, list) or not runs:
        return None
    records = [run.get("blocks") if isinstance(run, dict) else None for run in runs]
    if any(record is None for record in records):
        return None
    try:
        blocks = of_all_seeds([from_record(record)[1] for record in records])
    except FormatFault as fault:
        raise ResultsError(f"{provenance_path(file)} {fault}; measure again.") from fault
    if blocks is None:
        raise ResultsError(
            f"{provenance_path(file)} tells of seeds measured on unlike data; measure again."
        )
    found = blocks.r2().tolist()
    if len(r2) != len(found) or any(
        not abs(one - other) <= _AGREEMENT * max(1.0, 1 - one)
        for one, other in zip(r2, found, strict=True)
    ):
        raise ResultsError(
            f"{provenance_path(file)} tells of errors that are not those of the R2 in {file.name};"
            " measure again."
        )
    return blocks
