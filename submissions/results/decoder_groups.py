"""Which decoders may be compared: under one task, on real recordings or on the same twins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nbsuite.errors import UsageError
from nbsuite.submissions.results.decoders import DecoderR2, decoders_of
from nbsuite.submissions.results.differences import (
    Difference,
    all_pairs,
    differences,
    pairs_with,
    renamed,
)
from nbsuite.submissions.results.folder import ResultsFolder
from nbsuite.submissions.results.model_results import ModelResults
from nbsuite.suggestions import did_you_mean

MOST_DECODERS = 12
"""Decoders that are all compared with each other: 66 pairs."""

_Group = tuple[str, str | None]
"""Task and twins."""


@dataclass(frozen=True)
class Compared:
    """Differences of decoders that may be compared.

    Attributes:
        task: name and version of the task.
        twin: None for real recordings; otherwise which twins.
        differences: the differences.
    """

    task: str
    twin: str | None
    differences: Sequence[Difference]


def compare_decoders(
    models: Sequence[ModelResults], reference: str | None = None
) -> list[Compared]:
    """Compare decoders with each other, or all with one.

    Args:
        models: their results.
        reference: the name of the one.

    Raises:
        UsageError: there are no two that may be compared, too many, or none of the reference's
            name.
    """
    groups = {key: decoders_of(each) for key, each in _grouped(models).items() if len(each) > 1}
    if not groups:
        raise UsageError(
            "No two decoders have results that may be compared: name results of two decoders on"
            " the same recordings, under one task."
        )
    if reference is not None:
        return _with_reference(groups, reference)
    largest = max(map(len, groups.values()))
    if largest > MOST_DECODERS:
        raise UsageError(
            f"{largest} decoders make {largest * (largest - 1) // 2} pairs, more than any table"
            " should hold: name one to compare the others with, by --against."
        )
    return [
        Compared(task, twin, differences(all_pairs(decoders)))
        for (task, twin), decoders in groups.items()
    ]


def _with_reference(groups: dict[_Group, list[DecoderR2]], reference: str) -> list[Compared]:
    found = []
    for (task, twin), decoders in groups.items():
        named = [each for each in decoders if each.name == reference]
        if named:
            pairs = pairs_with(decoders, named[0])
            found.append(Compared(task, twin, differences(pairs)))
    if not found:
        names = [each.name for decoders in groups.values() for each in decoders]
        raise UsageError(f"No decoder is called '{reference}'; {did_you_mean(reference, names)}")
    return found


def compare_namesakes(old: ResultsFolder, new: ResultsFolder) -> list[Compared]:
    """Compare what each decoder is with what it was: the new one less the old one.

    Where old and new results are of one decoder each, these are compared, whatever their names.
    """
    before, after = _grouped(old.models), _grouped(new.models)
    found = []
    for key in before:
        pairs = _namesakes(before[key], after.get(key, []))
        if pairs:
            found.append(Compared(*key, differences(pairs)))
    return found


def _namesakes(
    old: Sequence[ModelResults], new: Sequence[ModelResults]
) -> list[tuple[DecoderR2, DecoderR2]]:
    was = {each.name: each for each in decoders_of(old)}
    become = {each.name: each for each in decoders_of(new)}
    if len(was) == len(become) == 1:
        names = [(*was, *become)]
    else:
        names = [(name, name) for name in was if name in become]
    return [
        (renamed(become[after], f"{after} (new)"), renamed(was[before], f"{before} (old)"))
        for before, after in names
    ]


def _grouped(models: Sequence[ModelResults]) -> dict[_Group, list[ModelResults]]:
    groups: dict[_Group, list[ModelResults]] = {}
    for each in models:
        groups.setdefault((each.task, each.twin), []).append(each)
    return groups
