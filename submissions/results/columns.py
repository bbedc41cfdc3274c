"""Which figures a table shows: the usual ones, or those that are named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from nbsuite.benchmarking.quantities import QUANTITIES, Quantity, quantity_named
from nbsuite.errors import UsageError
from nbsuite.submissions.results.model_results import ModelResults
from nbsuite.suggestions import did_you_mean

ALL = "all"
"""Stands for every figure that is there."""


def figures_of(models: Iterable[ModelResults]) -> dict[str, Quantity]:
    """The figures that results have, by key."""
    models = list(models)
    own = {key: quantity for each in models for key, quantity in each.own.items()}
    found = (key for each in models for lists in each.sessions.values() for key in lists)
    return {key: own.get(key) or quantity_named(key) for key in dict.fromkeys(found)}


def choose_columns(text: str, there: Mapping[str, Quantity]) -> list[Quantity]:
    """The figures named.

    Args:
        text: keys separated by commas; ``all`` for every figure that the results have. That of a
            metric with a value a part stands for all parts.
        there: the figures that the results have, which may be defined nowhere else.

    Raises:
        UsageError: none is named, or one is not known.
    """
    known = {**QUANTITIES, **there}
    chosen: list[str] = []
    for name in filter(None, map(str.strip, text.split(","))):
        parts = [key for key in there if key.startswith(f"{name}.")]
        if name == ALL:
            chosen += [key for key in known if key in there]
        elif parts or name in known:
            chosen += parts or [name]
        else:
            raise UsageError(f"No figure is called '{name}'; {did_you_mean(name, [*known, ALL])}")
    if not chosen:
        raise UsageError(f"No figure was named; known are {', '.join([*known, ALL])}.")
    return [known[key] for key in dict.fromkeys(chosen)]
