"""How far the test R2 of a search's variants can be trusted, and whether the winner's is higher.

Variants are chosen on validation, so that their test R2 has not been chosen by, and may be tested.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from nbsuite.benchmarking.quantities import R2
from nbsuite.statistics.block_errors import BlockErrors, of_all_seeds
from nbsuite.submissions.results.block_errors import block_errors_of
from nbsuite.submissions.results.decoders import DecoderR2
from nbsuite.submissions.results.differences import differences
from nbsuite.submissions.study.last_tasks import read_result
from nbsuite.submissions.tables.intervals import interval_text
from nbsuite.submissions.tables.significance import explanations, sentence
from nbsuite.twin_info import TWIN_MARK


def tested_decoder(name: str, results: Sequence[Path]) -> DecoderR2 | None:
    """What is known of a variant's test R2, by recording.

    Args:
        name: the variant's name.
        results: its results files that are there, one a recording and seed.

    Returns:
        None where there are none, or some are on twins and some on real recordings.

    Raises:
        ResultsError: one is damaged.
    """
    by_recording: dict[str, list[Path]] = {}
    for path in results:
        by_recording.setdefault(read_result(path).recording, []).append(path)
    if len({TWIN_MARK in recording for recording in by_recording}) != 1:
        return None
    r2 = {
        recording: fmean(read_result(path).values[R2.key] for path in paths)
        for recording, paths in by_recording.items()
    }
    blocks = {recording: _blocks(paths) for recording, paths in by_recording.items()}
    told = {recording: found for recording, found in blocks.items() if found is not None}
    return DecoderR2(name, r2, told)


def _blocks(results: Sequence[Path]) -> BlockErrors | None:
    """The sums over blocks of all seeds; None where one lacks them, or they are of unlike data."""
    found = []
    for path in results:
        result = read_result(path)
        blocks = block_errors_of(path, {"runs": [result.provenance]}, [result.values[R2.key]])
        if blocks is None:
            return None
        found.append(blocks)
    return of_all_seeds(found)


def verdict(winner: DecoderR2 | None, next_best: DecoderR2 | None) -> str:
    """What can be said of the variant chosen, in sentences; nothing where it was not measured."""
    if winner is None:
        return ""
    chosen = (
        f"Chosen on validation: {winner.name}, test R2 {R2.text(winner.mean)}"
        f" {interval_text(winner.interval())} (95 % interval)."
    )
    if next_best is None:
        return chosen
    found = differences([(winner, next_best)])
    twin = any(TWIN_MARK in recording for recording in winner.r2)
    reasons = explanations(found, twin=twin)
    return " ".join([chosen, f"On the test set: {sentence(found[0])}", *reasons])
