"""The folder of a stage: what is in it, what it was made of, and who may write to it.

=======================  =========================================================================
``weights.safetensors``  the stage's outcome, a checkpoint like any other
``stage.json``           what it was made of and the figures it ended with; written last, so that
                         a stage is finished where it is there
``log.jsonl``            one line an epoch, see ``nbsuite.training.log``
``*.png``                curves
``state.safetensors``    the state after the last epoch, while the stage is under way
=======================  =========================================================================

What a stage is made of, its *identity*, is a JSON object of everything that decides the outcome.
A finished stage of the same identity is never computed again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from nbsuite.errors import TrainingError
from nbsuite.files import atomic_write, digest
from nbsuite.training.log import LOG_NAME
from nbsuite.training.run_state import STATE_NAME

WEIGHTS_NAME = "weights.safetensors"
RECORD_NAME = "stage.json"
LOCK_NAME = ".lock"

Identity = Mapping[str, Any]


@dataclass(frozen=True)
class StageRecord:
    """What ``stage.json`` says of a finished stage.

    Attributes:
        identity: what the stage was made of.
        weights_file: SHA-256 of the file of weights.
        summary: the figures that it ended with, see ``nbsuite.training.stages``.
        versions: versions of nbsuite and the packages that it was made with.
    """

    identity: Identity
    weights_file: str
    summary: Mapping[str, Any]
    versions: Mapping[str, str]


def identity_digest(identity: Identity) -> str:
    """SHA-256 of an identity: the address of the stage's outcome."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def write_record(folder: Path, record: StageRecord) -> None:
    """Declare the stage finished.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    content = {"digest": identity_digest(record.identity), **asdict(record)}
    with atomic_write(folder / RECORD_NAME) as temporary:
        text = json.dumps(content, indent=2, allow_nan=False) + "\n"
        temporary.write_text(text, encoding="utf-8")


def read_record(folder: Path) -> StageRecord | None:
    """The record of a finished stage; None where the stage is not finished.

    A stage whose weights are missing or are not those it ended with is not finished.

    Raises:
        TrainingError: the record is damaged.
    """
    path, weights = folder / RECORD_NAME, folder / WEIGHTS_NAME
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        del content["digest"]
        record = StageRecord(**content)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TrainingError(
            f"{path} cannot be read ({error}): delete it to run this stage again."
        ) from error
    whole = weights.is_file() and digest(weights) == record.weights_file
    return record if whole else None


def forget(folder: Path) -> None:
    """Make a stage neither finished nor begun; its weights stay until they are replaced."""
    for name in (RECORD_NAME, STATE_NAME, LOG_NAME):
        (folder / name).unlink(missing_ok=True)


def differences(before: Identity, now: Identity) -> dict[str, tuple[Any, Any]]:
    """Where two identities differ: ``(before, now)`` by the key, sections joined by dots.

    >>> differences({"recipe": {"training": {"lr": 1}}}, {"recipe": {"training": {"lr": 2}}})
    {'recipe.training.lr': (1, 2)}
    """
    old, new = dict(_flatten(before)), dict(_flatten(now))
    keys = dict.fromkeys((*old, *new))
    return {key: (old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)}


def _flatten(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def require_same(folder: Path, before: Identity, now: Identity) -> None:
    """Refuse a folder that was made with other settings.

    Raises:
        TrainingError: names the first setting that differs.
    """
    for key, (old, new) in differences(before, now).items():
        name = key.removeprefix("recipe.")
        what = f"{name} {json.dumps(old)}, not {json.dumps(new)}"
        if key in ("parent", "data"):
            what = f"other {'weights to start from' if key == 'parent' else 'recordings'}"
        raise TrainingError(
            f"{folder} was made with {what}: choose another folder with --output, give the same"
            " settings, or let it be trained again with --force."
        )


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Keep other runs out of a folder, which is made if need be, and clear up after killed ones.

    The lock ends with the process that holds it, however that ends.

    Raises:
        TrainingError: another run is at work there.
        OSError: the folder cannot be made or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / LOCK_NAME, timeout=0):
            for unfinished in folder.glob(".*.part"):  # of a write that was killed
                unfinished.unlink()
            yield
    except Timeout:
        raise TrainingError(
            f"Another run is at work in {folder}: wait until it has ended, or choose another folder"
            " with --output."
        ) from None
