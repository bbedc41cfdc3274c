"""A study file's tables of settings: ``[model]``, ``[recipe]``, ``[grid]`` and ``[random]``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, get_origin

from nbsuite.errors import UsageError
from nbsuite.sweep.search import BASE, Interval, Value, Variant, grid_variants, random_variants
from nbsuite.sweep.toml_file import Entries, is_number, quoted
from nbsuite.training.architecture import SECTION
from nbsuite.training.families import all_keys
from nbsuite.training.recipe import section_types

_COUNT = 10
_LONGEST_WORD = 100


def read_settings(entries: Entries) -> dict[str, Value]:
    """The settings of network and recipe that all variants share, by key.

    Raises:
        UsageError: a value is none.
    """
    model, recipe = entries.table(SECTION), entries.table("recipe")
    network = {f"{SECTION}.{name}": value for name, value in model.values.items()}
    return {key: _value(model, key, value) for key, value in network.items()} | {
        key: _value(recipe, key, value) for key, value in _by_key(recipe).items()
    }


def count_variants(entries: Entries) -> int:
    """How many variants a study has, at most, without making them.

    Raises:
        UsageError: a table is none.
    """
    grid, random = entries.table("grid"), entries.table("random")
    if grid.values:
        return math.prod(len(_choices(grid, *item)) for item in _by_key(grid).items())
    return random.whole("count", _COUNT, least=1) if random.values else 1


def read_variants(entries: Entries) -> tuple[Variant, ...]:
    """The variants of a study; one without settings where nothing is searched.

    Raises:
        UsageError: a table or a value is none, or two variants cannot be told apart.
    """
    variants = _searched(entries)
    if len({variant.name for variant in variants}) < len(variants):
        raise UsageError(
            f"{entries.origin} searches values that are written differently but named alike:"
            " leave one out."
        )
    return variants


def _searched(entries: Entries) -> tuple[Variant, ...]:
    grid, random = entries.table("grid"), entries.table("random")
    if grid.values and random.values:
        raise UsageError(f"{entries.origin} has both [grid] and [random]: leave one out.")
    others = {key: value for key, value in random.values.items() if key not in ("count", "seed")}
    searched = Entries(others, random.origin)
    for table in (grid, searched):
        for key in {*_by_key(table)} & {*read_settings(entries)}:
            where = SECTION if key.startswith(f"{SECTION}.") else "recipe"
            raise UsageError(f"{table.origin} searches {key}, which [{where}] sets: leave one out.")
    if grid.values:
        return grid_variants(
            {key: _choices(grid, key, value) for key, value in _by_key(grid).items()}
        )
    if random.values:
        space = {key: _among(searched, key, value) for key, value in _by_key(searched).items()}
        if not space:
            raise UsageError(f"{random.origin} names no hyperparameter to search: add one.")
        count, seed = random.whole("count", _COUNT, least=1), random.whole("seed", 1, least=0)
        return random_variants(space, count, seed)
    return (BASE,)


def _by_key(table: Entries) -> dict[str, Any]:
    """The table's hyperparameters by key, written ``section.name`` with quotes or without."""
    found: dict[str, Any] = {}
    for name, value in table.values.items():
        if name in (SECTION, *section_types()) and isinstance(value, Mapping):
            named = {f"{name}.{key}": each for key, each in value.items()}
        else:
            named = {name: value}
        for key, each in named.items():
            if key.strip() in found or key.strip() != key:
                raise UsageError(
                    f"{table.origin} gives {quoted(key)} twice, or with spaces: leave one out."
                )
            found[key] = each
    return found


def _value(table: Entries, key: str, value: object) -> Value:
    kind = all_keys().get(key)
    if kind is bool and isinstance(value, bool):
        return str(value).lower()
    if get_origin(kind) is tuple and (pairs := _pairs_text(value)):
        return pairs
    if not is_number(value) and not _is_word(value):
        due = "a number or a word"
        raise UsageError(f"{table.origin} gives {key} = {quoted(value)}; it must be {due}.")
    admitted: Value = value  # type: ignore[assignment]
    return admitted


def _pairs_text(value: object) -> str | None:
    """Pairs of time constants, ``[0.02, 0.01]`` or a list of such, as ``--set`` takes them."""
    pairs: list[Any] = [value]
    if isinstance(value, list) and value and isinstance(value[0], list):
        pairs = value
    if not all(isinstance(each, list) and each and all(map(is_number, each)) for each in pairs):
        return None
    return ",".join("/".join(map(str, each)) for each in pairs)


def _is_word(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_WORD and value.isprintable()


def _choices(table: Entries, key: str, value: object) -> list[Value]:
    if not isinstance(value, list) or not value:
        due = "a list of values"
        raise UsageError(f"{table.origin} gives {key} = {quoted(value)}; it must be {due}.")
    return [_value(table, key, each) for each in value]


def _among(table: Entries, key: str, value: object) -> list[Value] | Interval:
    if isinstance(value, dict):
        return _interval(table, key, value)
    return _choices(table, key, value)


def _interval(table: Entries, key: str, value: dict[str, Any]) -> Interval:
    bounds = Entries(value, f"{table.origin} in {key},")
    bounds.check_keys(("low", "high", "log"))
    low, high, log = bounds.number("low"), bounds.number("high"), bounds.flag("log")
    if not low <= high or (log and low <= 0):
        due = "at most high, and above 0 where log is true"
        raise bounds.refusal("low", due)
    whole = all_keys().get(key) is int
    if whole and not (type(low) is type(high) is int):
        raise bounds.refusal("low", "a whole number, as must be high")
    return Interval(low, high, log, whole)
