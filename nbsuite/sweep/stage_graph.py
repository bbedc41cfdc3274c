"""The stages of all decoders of a study, each distinct one once.

A stage's folder is named by a digest of all that decides its outcome, and so is that of what it
starts from. So variants share the stages that they have in common, a change to the recipe leaves
alone what it does not touch, and pretraining lies where ``nbsuite train`` looks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from nbsuite.data.recording import Recording
from nbsuite.models.checkpoint import digest_in
from nbsuite.sweep.graph import Effort, StudyTask
from nbsuite.sweep.own_code import require_unchanged
from nbsuite.sweep.search import Variant
from nbsuite.sweep.specs import Specs
from nbsuite.sweep.study import Study
from nbsuite.tasks.locate import Location, locate
from nbsuite.tasks.opened import OpenedRecordings
from nbsuite.training.choices import Choice
from nbsuite.training.compute import Compute
from nbsuite.training.pretraining import find_recordings, in_order, pretraining_folder
from nbsuite.training.pruning_rules import most_trials
from nbsuite.training.recipe import Recipe, WindowRecipe
from nbsuite.training.run_folder import (
    RECORD_NAME,
    WEIGHTS_NAME,
    Identity,
    identity_digest,
    read_record,
)
from nbsuite.training.run_plan import recording_label
from nbsuite.training.stage_run import run_stage
from nbsuite.training.stage_task import StageName, StageTask
from nbsuite.training.windows import cut_windows

Progress = Callable[[str, float], None]
_ADDRESS = 12


@dataclass(frozen=True)
class StageWork:
    """A stage as ``nbsuite train`` runs it.

    Attributes:
        task: the stage.
        folder: its folder.
        identity: what its outcome is made of, with the address of what it starts from in the
            place of the weights, which are not known before.
    """

    task: StageTask
    folder: Path
    identity: Identity

    def __call__(self) -> None:
        """Run the stage, or go on with it."""
        require_unchanged(self.task.factory, self.task.spec)
        # The folder is that of this identity alone: what may differ is the weights to start from,
        # where these were lost and made anew on another kind of machine.
        run_stage(self.task, self.folder, force=True)

    def is_finished(self) -> bool:
        """Whether it was finished, from the weights that are there."""
        record = read_record(self.folder)
        if record is None or {**record.identity, "parent": None} != {
            **self.identity,
            "parent": None,
        }:
            return False
        if self.task.parent is None:
            return True
        present = self.task.parent.is_file()
        return present and record.identity["parent"] == digest_in(self.task.parent)


@dataclass(frozen=True)
class PlannedDecoder:
    """What a study ends with for a variant, model, session and seed.

    Attributes:
        variant: the variant.
        recording: the recording that it decodes.
        location: its file.
        stage: key of its last stage.
        family: name of its family, whose networks are compared; empty of one's own.
        factory: what makes it, where its code is a user's.
    """

    variant: Variant
    recording: Recording
    location: Location
    stage: str
    family: str
    factory: str | None = None


class StageGraph:
    """The stages of a study.

    Args:
        study: the study.
        data_dir: the folder of recordings.
        root: the folder of all runs.
        progress: told of twins that have to be generated.

    Raises:
        UsageError: recordings differ in channels, or a model or device is unknown.
        DataError: a recording cannot be used, or is too short.
        DecoderError, TrainingError: a user's code makes no decoder that its stages can train.
    """

    def __init__(self, study: Study, data_dir: Path, root: Path, progress: Progress) -> None:
        self.study = study
        self.data_dir = data_dir
        self.root = root.absolute()
        self.progress = progress
        self.tasks: dict[str, StudyTask] = {}
        self.decoders: list[PlannedDecoder] = []
        self._opened = OpenedRecordings()
        self._rates: dict[str, float] = {}
        self._specs = Specs()
        self._windows: dict[tuple[Path, WindowRecipe], int] = {}
        self._pretrainings: dict[StageTask, StudyTask] = {}
        for variant in study.variants:
            for model in study.models:
                choice = study.choice(model, variant)
                for target in study.sessions:
                    for seed in study.seeds:
                        self._add(variant, choice, self._located[target], seed)

    @property
    def targets(self) -> tuple[Recording, ...]:
        """The recordings to decode."""
        return tuple(map(self._opened.load, self._located.values()))

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a person should know of decoders of their own, in sentences."""
        return tuple(self._specs.remarks)

    @cached_property
    def _located(self) -> Mapping[str, Location]:
        """The sessions to decode."""
        return {target: self._locate(target) for target in self.study.sessions}

    @cached_property
    def _pretrain_on(self) -> Mapping[Path, tuple[Location, ...]]:
        """The recordings to pretrain on, by the recording to decode."""
        named = in_order([self._locate(target) for target in self.study.pretrain_on])
        return {
            each.path: named
            or find_recordings(self._opened.load(each), self.data_dir, self.progress).locations
            for each in self._located.values()
        }

    def _locate(self, target: str) -> Location:
        found = locate(target, self.data_dir, self.study.data, self.progress)
        recording = self._opened.load(replace(found, path=found.path.absolute()))
        return Location(recording.path, recording.session, recording.twin is not None)

    def _add(self, variant: Variant, choice: Choice, location: Location, seed: int) -> None:
        """Add the stages of a decoder that are not there yet."""
        study, model = self.study, choice.model
        stages = study.stages or choice.usual_stages
        spec = self._specs.of(model, self._opened.load(location), stages)
        kernel = choice.kernel(study.kernel, study.device)
        compute = Compute(kernel, study.device, study.threads)
        compute.require_fit(spec)
        self._rates[spec.name] = model.training_rate
        factory = model.factory
        first = StageTask(
            "pretrain", spec, choice.recipe, seed, (location,), None, compute, factory
        )
        last: StudyTask | None = None
        for stage in stages:
            if stage == "pretrain":
                last = self._pretraining(
                    replace(first, recordings=self._pretrain_on[location.path])
                )
            else:
                parent = None if last is None else last.folder / WEIGHTS_NAME
                last = self._stage(replace(first, stage=stage, parent=parent), last, variant)
        if last is not None and last.kind != "pretrain":
            self.decoders.append(
                PlannedDecoder(
                    variant,
                    self._opened.load(location),
                    location,
                    last.key,
                    model.ranked_among,
                    model.factory,
                )
            )

    def _pretraining(self, task: StageTask) -> StudyTask:
        if task not in self._pretrainings:
            recordings = task.load_recordings(self._opened)
            folder = pretraining_folder(self.root, task, recordings)
            identity = task.identity(recordings, None)
            title = f"pretrain {folder.name.rpartition('_')[0].replace('_', ' ')}"
            self._pretrainings[task] = self._keep(task, folder, identity, None, title)
        return self._pretrainings[task]

    def _stage(self, task: StageTask, parent: StudyTask | None, variant: Variant) -> StudyTask:
        (location,) = task.recordings
        recording = self._opened.load(location)
        address = None if parent is None else parent.folder.name.rpartition("_")[2]
        identity = task.identity([recording], address)
        parts = (task.spec.name, recording_label(recording), f"seed{task.seed}")
        name = "_".join([*parts, identity_digest(identity)[:_ADDRESS]])
        folder = self.root / task.stage / name
        title = " ".join([task.stage, *parts, *variant.settings])
        return self._keep(task, folder, identity, parent, title)

    def _keep(
        self,
        task: StageTask,
        folder: Path,
        identity: Identity,
        parent: StudyTask | None,
        title: str,
    ) -> StudyTask:
        key = f"{task.stage}/{folder.name}"
        if key not in self.tasks:
            self.tasks[key] = StudyTask(
                key,
                title,
                folder,
                RECORD_NAME,
                () if parent is None else (parent.key,),
                StageWork(task, folder, identity),
                self._effort(task),
            )
        return self.tasks[key]

    def _effort(self, task: StageTask) -> Effort:
        recipe = task.recipe
        if task.stage == "half":
            return Effort(task.spec.name, 0)
        windows = sum(self._count_windows(each, recipe.windows) for each in task.recordings)
        epochs = most_epochs(task.stage, recipe)
        samples = windows * recipe.windows.steps * epochs
        return Effort(task.spec.name, samples, epochs, self._rates[task.spec.name])

    def _count_windows(self, location: Location, recipe: WindowRecipe) -> int:
        """How many windows a recording is cut into."""
        if (location.path, recipe) not in self._windows:
            recording = self._opened.load(location)
            windows = cut_windows(recording, recipe)
            self._windows[location.path, recipe] = len(windows)
        return self._windows[location.path, recipe]


def most_epochs(stage: StageName, recipe: Recipe) -> int:
    """How many epochs a stage has, when pruning at most."""
    if stage == "prune":
        return most_trials(recipe.prune) * recipe.prune.epochs
    epochs: dict[str, Any] = {
        "pretrain": recipe.pretrain.epochs,
        "finetune": recipe.finetune.epochs,
    }
    return int(epochs[stage])
