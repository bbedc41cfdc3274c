"""Study files: TOML, see docs/scaling.md."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import get_args

from nbsuite.data.folders import with_home
from nbsuite.errors import UsageError
from nbsuite.sweep.own_code import admitted_code
from nbsuite.sweep.search import setting_text
from nbsuite.sweep.search_tables import count_variants, read_settings, read_variants
from nbsuite.sweep.study import Study
from nbsuite.sweep.study_name import study_name
from nbsuite.sweep.toml_file import LARGEST_WHOLE, Entries, read_toml
from nbsuite.tasks.known import find_session, means_a_path
from nbsuite.tasks.locate import Source
from nbsuite.training.families import FAMILIES
from nbsuite.training.own_model import OWN_STAGES
from nbsuite.training.stage_task import STAGES, StageName

MOST_TASKS = 100_000
"""Stages and benchmarks that a study may have: so many are laid out in half a minute."""

_MOST_THREADS = 1024
_LONGEST_WORD = 100

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
    "model",
    "recipe",
    "grid",
    "random",
)
_SOURCES: tuple[Source, ...] = get_args(Source)


def read_study(path: Path, *, run_code: bool = False) -> Study:
    """Read a study file and check all that can be checked without recordings.

    Paths in it are relative to the file.

    Args:
        path: the file.
        run_code: whether the code that it names may be run; here, none is.

    Raises:
        UsageError: the file is missing or no TOML, or a key or value in it is not possible, or it
            names code that may not be run.
    """
    entries = Entries(read_toml(path), str(path))
    entries.check_keys(_KEYS)
    own_code = admitted_code(entries.texts("models"), path, run_code=run_code)
    _check_size(entries, path, own_code)
    study = Study(
        name=study_name(entries, path.stem),
        models=tuple(dict.fromkeys(own_code.get(each, each) for each in entries.texts("models"))),
        sessions=_sessions(entries, "sessions", path.parent),
        seeds=tuple(_seeds(entries)),
        data=_source(entries),
        stages=_stages(entries),
        pretrain_on=_sessions(entries, "pretrain_on", path.parent),
        threads=entries.whole("threads", 1, least=1, most=_MOST_THREADS),
        kernel=entries.text("kernel", "auto"),
        device=entries.text("device", "cpu"),
        settings=tuple(setting_text(*item) for item in read_settings(entries).items()),
        variants=read_variants(entries),
        own_code=tuple(own_code.values()),
    )
    _check_recipes(study, path)
    return study


def _check_size(entries: Entries, path: Path, own_code: Collection[str]) -> None:
    """Make sure that what a study asks for can be laid out, before it is.

    Raises:
        UsageError: it cannot.
    """
    stages = _stages(entries)
    usual = {name: family.stages for name, family in FAMILIES.items()}
    usual |= dict.fromkeys(own_code, OWN_STAGES)
    tasks = sum(1 + len(stages or usual.get(model, STAGES)) for model in entries.texts("models"))
    tasks *= count_variants(entries) * len(entries.texts("sessions")) * len(_seeds(entries))
    if tasks > MOST_TASKS:
        raise UsageError(
            f"{path} asks for more than {MOST_TASKS:,} tasks, which are the stages and benchmarks"
            " of all models, sessions, seeds and variants: divide it among several studies."
        )


def _sessions(entries: Entries, key: str, folder: Path) -> tuple[str, ...]:
    """Sessions by name, and paths made absolute."""
    if key == "pretrain_on" and key not in entries.values:
        return ()
    targets = entries.texts(key)
    return tuple(_session(target, folder) for target in targets)


def _session(target: str, folder: Path) -> str:
    if not means_a_path(target):
        find_session(target)
        return target
    return str((folder / with_home(Path(target))).absolute())


def _seeds(entries: Entries) -> Sequence[int]:
    """The seeds, each once; a range is not written out."""
    value = entries.values.get("seeds", [1])
    if isinstance(value, str) and (match := re.fullmatch(r"([0-9]{1,9})-([0-9]{1,9})", value)):
        value = range(int(match[1]), int(match[2]) + 1)
        if value:
            return value
    if isinstance(value, list) and value and all(map(_is_seed, value)):
        return tuple(dict.fromkeys(value))
    due = 'a list of whole numbers, such as [1, 2], or a range, such as "1-5"'
    raise entries.refusal("seeds", due)


def _is_seed(value: object) -> bool:
    return type(value) is int and 0 <= value <= LARGEST_WHOLE


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


def _check_recipes(study: Study, path: Path) -> None:
    """Make every recipe once, so that an impossible one is found before anything runs."""
    try:
        for model in study.models:
            for variant in study.variants:
                study.choice(model, variant)
    except UsageError as error:
        raise UsageError(f"{path} cannot be used: {error}") from error
