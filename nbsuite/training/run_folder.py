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

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from nbsuite.errors import CheckpointError, TrainingError
from nbsuite.files import atomic_write, digest
from nbsuite.training.log import LOG_NAME
from nbsuite.training.run_state import STATE_NAME
from nbsuite.training.stage_file import json_digest, seal, unseal
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.json_text import read_json_file
from nbsuite.untrusted.tensor_file import LARGEST_FILE

WEIGHTS_NAME = "weights.safetensors"
RECORD_NAME = "stage.json"
LOCK_NAME = ".lock"
PICTURE_NAMES = ("curves.png", "pruning.png")
_OWN_NAMES = (LOCK_NAME, RECORD_NAME, WEIGHTS_NAME, STATE_NAME, LOG_NAME, *PICTURE_NAMES)

Identity = Mapping[str, Any]


@dataclass(frozen=True)
class StageRecord:
    """What ``stage.json`` says of a finished stage.

    Attributes:
        identity: what the stage was made of.
        weights_file: SHA-256 of the file of weights.
        summary: the figures that it ended with, see ``nbsuite.training.stage_run``.
        versions: versions of nbsuite and the packages that it was made with.
    """

    identity: Identity
    weights_file: str
    summary: Mapping[str, Any]
    versions: Mapping[str, str]


def identity_digest(identity: Identity) -> str:
    """SHA-256 of an identity: the address of the stage's outcome."""
    return json_digest(identity)


def write_record(folder: Path, record: StageRecord) -> None:
    """Declare the stage finished.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    with atomic_write(folder / RECORD_NAME) as temporary:
        text = json.dumps(seal(asdict(record)), indent=2, allow_nan=False) + "\n"
        temporary.write_text(text, encoding="utf-8")


def read_record(folder: Path) -> StageRecord | None:
    """The record of a finished stage; None where the stage is not finished.

    A stage whose weights are missing or are not those it ended with is not finished.

    Raises:
        TrainingError: the record is damaged, or was changed.
    """
    path, weights = folder / RECORD_NAME, folder / WEIGHTS_NAME
    if not path.exists():
        return None
    try:
        record = StageRecord(**unseal(read_json_file(path)))
    except OSError as error:
        raise _unreadable(path, error.strerror or "") from error
    except FormatFault as error:
        raise _unreadable(path, f"it {error}") from error
    whole = weights.is_file() and weights.stat().st_size <= LARGEST_FILE
    return record if whole and digest(weights) == record.weights_file else None


def _unreadable(path: Path, fault: str) -> TrainingError:
    return TrainingError(
        f"{path} cannot be read, for it is not as `nbsuite train` left it ({fault}): delete it to"
        " run this stage again."
    )


def require_recorded(weights: Path) -> None:
    """Make sure that weights in a stage's folder are those that the stage ended with.

    Raises:
        CheckpointError: they are not.
        TrainingError: the stage's record is damaged, or was changed.
    """
    folder = weights.parent
    if weights.name != WEIGHTS_NAME or not (folder / RECORD_NAME).exists():
        return
    if read_record(folder) is None:
        raise CheckpointError(
            f"{weights} was changed since its stage ended, by the digest in {RECORD_NAME} beside"
            " it: train that stage again, or name another file."
        )


def require_files(folder: Path) -> None:
    """Make sure that nothing stands where a stage writes its files.

    Raises:
        TrainingError: there is a folder, a pipe or the like of such a name.
    """
    for path in (folder / name for name in _OWN_NAMES):
        if path.exists() and not path.is_file():
            raise TrainingError(
                f"{path} is no regular file, where training writes one: move it away, or choose"
                " another folder with --output."
            )


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
    if (found := first_difference(before, now)) is not None:
        raise TrainingError(
            f"{folder} was made with {setting_text(*found)}: choose another folder with --output,"
            " give the same settings, or let it be trained again with --force."
        )


def first_difference(before: Identity, now: Identity) -> tuple[str, Any, Any] | None:
    """A key by which two identities differ, and their values; None where they are the same.

    From random weights or from others is told first, for other settings apply to each.
    """
    found = differences(before, now)
    key = "parent" if None in found.get("parent", ()) else next(iter(found), None)
    return None if key is None else (key, *found[key])


def setting_text(key: str, old: Any, new: Any) -> str:
    """Where two identities differ, in words, as :func:`differences` tells it."""
    if key in ("parent", "data"):
        return f"other {'weights to start from' if key == 'parent' else 'recordings'}"
    return f"{key.removeprefix('recipe.')} {json.dumps(old)}, not {json.dumps(new)}"


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Keep other runs out of a folder, which is made if need be, and clear up after killed ones.

    The lock ends with the process that holds it, however that ends.

    Raises:
        TrainingError: another run is at work there, or something stands where files are written.
        OSError: the folder cannot be made or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    require_files(folder)
    try:
        with FileLock(folder / LOCK_NAME, timeout=0):
            for unfinished in folder.glob(".*.part"):  # of a write that was killed
                if unfinished.is_file():
                    unfinished.unlink()
            yield
    except Timeout:
        raise TrainingError(
            f"Another run is at work in {folder}: wait until it has ended, or choose another folder"
            " with --output."
        ) from None
