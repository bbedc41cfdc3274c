"""Which recordings a decoder is pretrained on, and where what came of it is found again.

Published: all public sessions of the monkey with as many electrodes, its own among them. Of twins
there are only those of the sessions that results are reported on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from nbsuite.data.folders import real_path
from nbsuite.data.recording import Recording
from nbsuite.data.sessions import Session
from nbsuite.errors import TrainingError, UsageError
from nbsuite.tasks.locate import Location, locate
from nbsuite.training.run_folder import WEIGHTS_NAME, identity_digest, read_record
from nbsuite.training.stage_task import StageTask

FOLDER_NAME = "pretrain"


class Found(NamedTuple):
    """Recordings to pretrain on.

    Attributes:
        locations: those that are there, in the order of their names.
        missing: sessions that were published but are not there.
    """

    locations: tuple[Location, ...]
    missing: tuple[Session, ...]


def find_recordings(
    recording: Recording, folder: Path, progress: Callable[[str, float], None] | None = None
) -> Found:
    """The recordings to pretrain a decoder on that is to decode ``recording``.

    Args:
        recording: of a public session, real or a twin; pretraining is on the same.
        folder: the folder of recordings.
        progress: told the stage and fraction done of a twin that has to be generated.

    Raises:
        UsageError: the recording is of no public session.
    """
    sessions = recording.task.pretraining(recording.session)
    if not sessions:
        raise UsageError(
            f"{recording.path} is of no public session, so that there is nothing to pretrain on:"
            " name recordings with --pretrain-on, or leave the stage out with"
            " --stages finetune,prune,half."
        )
    if recording.twin is not None:
        twinned = [each for each in sessions if each in recording.task.sessions]
        twins = [locate(each.label, folder, "twin", progress) for each in twinned]
        return Found(in_order(twins), ())
    there = [each for each in sessions if real_path(each, folder).exists()]
    missing = tuple(each for each in sessions if each not in there)
    return Found(in_order([locate(each.name, folder, "real") for each in there]), missing)


def in_order(locations: Sequence[Location]) -> tuple[Location, ...]:
    """The locations in the order of their names, each once: the order of mention is no setting."""
    by_path = {each.path.resolve(): each for each in locations}
    return tuple(sorted(by_path.values(), key=lambda each: each.path.stem))


def pretraining_folder(root: Path, task: StageTask, recordings: Sequence[Recording]) -> Path:
    """Where the outcome of a pretraining lies: a name for people, and its address."""
    address = identity_digest(task.identity(recordings, None))[:12]
    return root / FOLDER_NAME / f"{_readable(task, recordings)}_{address}"


def find_pretrained(root: Path, task: StageTask, recording: Recording) -> Path | None:
    """The weights of a finished pretraining of the same settings, whatever its recordings.

    Args:
        root: the folder of all runs.
        task: a pretraining; its recordings do not matter.
        recording: what the decoder is to decode.

    Raises:
        TrainingError: there are several.
    """
    wanted = {**task.identity([], None), "data": None}
    found = []
    for folder in sorted((root / FOLDER_NAME).glob(f"{_readable(task, [recording])}_*")):
        record = read_record(folder)
        if record is not None and {**record.identity, "data": None} == wanted:
            found.append(folder / WEIGHTS_NAME)
    if len(found) > 1:
        raise TrainingError(
            f"{root / FOLDER_NAME} holds {len(found)} pretrainings of these settings on different"
            " recordings: name the one to start from with --pretrained, or run the stage pretrain."
        )
    return found[0] if found else None


def _readable(task: StageTask, recordings: Sequence[Recording]) -> str:
    """Model, animals, whether twins, and seed."""
    animals = "-".join(sorted({each.session.name.partition("_")[0] for each in recordings}))
    twin = "-twin" if any(each.twin for each in recordings) else ""
    return f"{task.spec.name}_{animals}{twin}_seed{task.seed}"
