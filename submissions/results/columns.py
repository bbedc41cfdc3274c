"""Which figures a table shows: the usual ones, or those that are named."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from nbsuite.benchmarking.quantities import QUANTITIES, Quantity, quantity_named
from nbsuite.errors import UsageError
from nbsuite.submissions.results.model_results import ModelResults
from nbsuite.suggestions import did_you_mean

ALL = "all"
"""Stands for every figure that is there."""


def keys_of(models: Iterable[ModelResults]) -> list[str]:
    """The figures that results have, by key."""
    found = (key for each in models for lists in each.sessions.values() for key in lists)
    return list(dict.fromkeys(found))


def choose_columns(text: str, keys: Collection[str]) -> list[Quantity]:
    """The figures named.

    Args:
        text: keys separated by commas; ``all`` for every figure that the results have. That of a
            metric with a value a part stands for all parts.
        keys: the figures that the results have, which may be defined nowhere.

    Raises:
        UsageError: none is named, or one is not known.
    """
    known = list(dict.fromkeys([*QUANTITIES, *keys]))
    chosen: list[str] = []
    for name in filter(None, map(str.strip, text.split(","))):
        parts = [key for key in keys if key.startswith(f"{name}.")]
        if name == ALL:
            chosen += [key for key in known if key in keys]
        elif parts or name in known:
            chosen += parts or [name]
        else:
            raise UsageError(f"No figure is called '{name}'; {did_you_mean(name, [*known, ALL])}")
    if not chosen:
        raise UsageError(f"No figure was named; known are {', '.join([*known, ALL])}.")
    return [quantity_named(key) for key in dict.fromkeys(chosen)]
