"""Study files: TOML, see docs/scaling.md."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from nbsuite.data.locate import Source
from nbsuite.errors import UsageError
from nbsuite.sessions import find_session, means_a_path
from nbsuite.sweep.search import (
    BASE,
    Interval,
    Value,
    Variant,
    grid_variants,
    random_variants,
    setting_text,
)
from nbsuite.sweep.study import Study
from nbsuite.sweep.toml_file import Entries, read_toml
from nbsuite.training.overrides import key_types, override
from nbsuite.training.recipe import published_recipe, section_types
from nbsuite.training.tasks import STAGES, StageName

_KEYS = (
    "name",
    "models",
    "sessions",
    "seeds",
    "data",
    "stages",
    "pretrain_on",
    "threads",
    "kernel",
    "device",
    "recipe",
    "grid",
    "random",
)
_SOURCES: tuple[Source, ...] = get_args(Source)


def read_study(path: Path) -> Study:
    """Read a study file and check all that can be checked without recordings.

    Paths in it are relative to the file.

    Raises:
        UsageError: the file is missing or no TOML, or a key or value in it is not possible.
    """
    entries = Entries(read_toml(path), str(path))
    entries.check_keys(_KEYS)
    study = Study(
        name=_name(entries, path.stem),
        models=entries.texts("models"),
        sessions=_sessions(entries, "sessions", path.parent),
        seeds=_seeds(entries),
        data=_source(entries),
        stages=_stages(entries),
        pretrain_on=_sessions(entries, "pretrain_on", path.parent),
        threads=entries.whole("threads", 1, least=1),
        kernel=entries.text("kernel", "auto"),
        device=entries.text("device", "cpu"),
        settings=tuple(setting_text(*item) for item in _recipe(entries).items()),
        variants=_variants(entries),
    )
    _check_recipes(study, path)
    return study


def _name(entries: Entries, default: str) -> str:
    name = entries.text("name", default)
    if re.fullmatch(r"\w[\w.+ -]*", name) is None:
        raise entries.refusal("name", "the name of a folder: letters, digits, . + - _ and spaces")
    return name


def _sessions(entries: Entries, key: str, folder: Path) -> tuple[str, ...]:
    """Sessions by name, and paths made absolute."""
    if key == "pretrain_on" and key not in entries.values:
        return ()
    targets = entries.texts(key)
    for target in targets:
        if not means_a_path(target):
            find_session(target)
    return tuple(
        str((folder / Path(target).expanduser()).absolute()) if means_a_path(target) else target
        for target in targets
    )


def _seeds(entries: Entries) -> tuple[int, ...]:
    due = 'a list of whole numbers, such as [1, 2], or a range, such as "1-5"'
    value = entries.values.get("seeds", [1])
    if isinstance(value, str) and (match := re.fullmatch(r"(\d{1,9})-(\d{1,9})", value)):
        value = list(range(int(match[1]), int(match[2]) + 1))
    if (
        not isinstance(value, list)
        or not value
        or not all(type(each) is int and each >= 0 for each in value)
    ):
        raise entries.refusal("seeds", due)
    return tuple(dict.fromkeys(value))


def _source(entries: Entries) -> Source:
    value = entries.text("data", "auto")
    for source in _SOURCES:
        if value == source:
            return source
    raise entries.refusal("data", f"one of {', '.join(_SOURCES)}")


def _stages(entries: Entries) -> tuple[StageName, ...] | None:
    if "stages" not in entries.values:
        return None
    wanted = entries.texts("stages")
    if not set(wanted) <= set(STAGES):
        raise entries.refusal("stages", f"a list of some of {', '.join(STAGES)}")
    if set(wanted) & {"prune", "half"} and "finetune" not in wanted:
        raise entries.refusal("stages", "a list with finetune, from which prune and half start")
    return tuple(stage for stage in STAGES if stage in wanted)


def _recipe(entries: Entries) -> dict[str, Value]:
    table = entries.table("recipe")
    return {key: _value(table, key, value) for key, value in _by_key(table).items()}


def _variants(entries: Entries) -> tuple[Variant, ...]:
    grid, random = entries.table("grid"), entries.table("random")
    if grid.values and random.values:
        raise UsageError(f"{entries.origin} has both [grid] and [random]: leave one out.")
    others = {key: value for key, value in random.values.items() if key not in ("count", "seed")}
    searched = Entries(others, random.origin)
    for table in (grid, searched):
        for key in {*_by_key(table)} & {*_recipe(entries)}:
            raise UsageError(f"{table.origin} searches {key}, which [recipe] sets: leave one out.")
    if grid.values:
        return grid_variants(
            {key: _choices(grid, key, value) for key, value in _by_key(grid).items()}
        )
    if random.values:
        space = {key: _among(searched, key, value) for key, value in _by_key(searched).items()}
        if not space:
            raise UsageError(f"{random.origin} names no hyperparameter to search: add one.")
        count, seed = random.whole("count", 10, least=1), random.whole("seed", 1, least=0)
        return random_variants(space, count, seed)
    return (BASE,)


def _by_key(table: Entries) -> dict[str, Any]:
    """The table's hyperparameters by key, written ``section.name`` with quotes or without."""
    found: dict[str, Any] = {}
    for name, value in table.values.items():
        if name in section_types() and isinstance(value, Mapping):
            found |= {f"{name}.{key}": each for key, each in value.items()}
        else:
            found[name] = value
    return found


def _value(table: Entries, key: str, value: object) -> Value:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise UsageError(f"{table.origin} gives {key} = {value!r}; it must be a number or a word.")
    return value


def _choices(table: Entries, key: str, value: object) -> list[Value]:
    if not isinstance(value, list) or not value:
        raise UsageError(f"{table.origin} gives {key} = {value!r}; it must be a list of values.")
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
    whole = key_types().get(key) is int
    if whole and not (type(low) is type(high) is int):
        raise bounds.refusal("low", "a whole number, as must be high")
    return Interval(low, high, log, whole)


def _check_recipes(study: Study, path: Path) -> None:
    """Make every recipe once, so that an impossible one is found before anything runs."""
    try:
        for model in study.models:
            for variant in study.variants:
                override(published_recipe(model), [*study.settings, *variant.settings])
    except UsageError as error:
        raise UsageError(f"{path} cannot be used: {error}") from error
