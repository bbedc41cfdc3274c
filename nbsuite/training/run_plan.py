"""The stages of a run in order: planned and checked as a whole, then run one after the other.

::

    runs/
        pretrain/tinyRSNN_indy-twin_seed1_0123456789ab/    shared by the sessions
        tinyRSNN_I1-twin_seed1/finetune/, prune/, half/    one session, one seed
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from nbsuite.data.folders import twin_path
from nbsuite.data.recording import Recording
from nbsuite.errors import TrainingError, UsageError
from nbsuite.models.checkpoint import Checkpoint
from nbsuite.models.decoder import DecoderSpec
from nbsuite.seeds import LARGEST_SEED
from nbsuite.tasks.locate import Location
from nbsuite.tasks.opened import OpenedRecordings
from nbsuite.training.compute import Compute
from nbsuite.training.families import Model
from nbsuite.training.observer import Observer, ignore
from nbsuite.training.pretraining import find_pretrained, pretraining_folder
from nbsuite.training.recipe import Recipe
from nbsuite.training.run_folder import WEIGHTS_NAME, Identity, exclusive, read_record
from nbsuite.training.stage_run import check_stage, finished_record, run_stage
from nbsuite.training.stage_task import STAGES, TO_COME, StageName, StageTask, make_decoder
from nbsuite.training.windows import training_split


@dataclass(frozen=True)
class RunRequest:
    """One decoder, session and seed.

    Attributes:
        model: the decoder.
        recipe: the hyperparameters.
        seed: the random seed.
        session: the recording to decode.
        stages: the stages to run.
        pretrain_on: the recordings to pretrain on, where that is a stage.
        pretrained: checkpoint to fine-tune from, instead of pretraining.
        compute: kernel, device and threads.
        root: the folder of all runs.
    """

    model: Model
    recipe: Recipe
    seed: int
    session: Location
    stages: tuple[StageName, ...]
    pretrain_on: tuple[Location, ...]
    pretrained: Path | None
    compute: Compute
    root: Path


@dataclass(frozen=True)
class RunPlan:
    """A run that nothing speaks against.

    Attributes:
        folder: the run's folder; pretraining has one of its own.
        recording: the recording to decode.
        steps: each stage's task and folder, in order.
        identities: what each stage's outcome will be made of, as far as it is known.
        start: the checkpoint to start from, where the request names one.
        opened: the recordings of all stages.
        remarks: what a person should know of training such a decoder, in sentences.
    """

    folder: Path
    recording: Recording
    steps: tuple[tuple[StageTask, Path], ...]
    identities: tuple[Identity, ...]
    start: Checkpoint | None = None
    opened: OpenedRecordings = field(default_factory=OpenedRecordings)
    remarks: tuple[str, ...] = ()

    @property
    def seed(self) -> int:
        """The random seed."""
        return self.steps[-1][0].seed

    @property
    def last_stage(self) -> StageName:
        """The stage that the run ends with."""
        return self.steps[-1][0].stage

    def load_checkpoint(self, path: Path) -> Checkpoint:
        """Load what such a run ended with.

        Raises:
            CheckpointError: it is missing, damaged, or not of such a decoder.
        """
        return self.steps[-1][0].load_checkpoint(path)

    @property
    def checkpoint(self) -> Path | None:
        """What the run ends with; None where it only pretrains."""
        task, folder = self.steps[-1]
        return None if task.stage == "pretrain" else folder / WEIGHTS_NAME


def plan_run(
    request: RunRequest, *, force: bool = False, opened: OpenedRecordings | None = None
) -> RunPlan:
    """Lay out a run and check all of it before anything is trained or written.

    Args:
        request: what is to be run.
        force: give up what other settings made.
        opened: recordings that are open already, of other runs; the others join them.

    Raises:
        UsageError: stages and starting weights contradict each other, recordings differ in
            channels, or the kernel does not take the decoder.
        TrainingError: a folder was made with other settings, or a stage lacks what it starts from.
        CheckpointError: the file to start from is missing, damaged or of another model.
        DataError: a recording cannot be used, or is too short.
        DecoderError: a user's code does not make a decoder that can be trained.
    """
    _check_stages(request)
    opened = opened or OpenedRecordings()
    recording = opened.load(request.session)
    spec = request.model.spec(recording.channels, recording.outputs, recording.task.step)
    request.compute.require_fit(spec)
    folder = request.root / f"{spec.name}_{recording_label(recording)}_seed{request.seed}"
    if any(stage in request.stages for stage in ("finetune", "prune")):
        training_split(recording, request.recipe.windows)
    remarks = check_structure(request.model.factory, spec, request.stages)
    steps = tuple(_steps(request, spec, opened, folder))
    start, identities = _start(request, steps), dict[Path, Identity]()
    for task, stage_folder in steps:
        identity = _identity(task, task.load_recordings(opened), start, identities)
        check_stage(task, stage_folder, identity, force=force)
        identities[stage_folder] = identity
    return RunPlan(folder, recording, steps, tuple(identities.values()), start, opened, remarks)


def run_plan(plan: RunPlan, observer: Observer = ignore, *, force: bool = False) -> None:
    """Run the stages of a plan that are not finished yet.

    Raises:
        TrainingError: another run is at work in the folder, or training met what is not finite.
        OSError: the folder cannot be written, or the disk is full.
    """
    with exclusive(plan.folder) if plan.checkpoint is not None else nullcontext():
        for task, folder in plan.steps:
            named = plan.start is not None and task.parent == plan.start.path
            parent = plan.start if named else None
            run_stage(task, folder, observer, force=force, parent=parent, opened=plan.opened)


def recording_label(recording: Recording) -> str:
    """A recording's name in names of folders: ``I1``, ``I1-twin``, or that of its file."""
    session, name = recording.session, recording.name
    names = {session.name: session.label, twin_path(session, Path()).stem: f"{session.label}-twin"}
    return names.get(name, name)


def _start(request: RunRequest, steps: Sequence[tuple[StageTask, Path]]) -> Checkpoint | None:
    """The checkpoint that the request names, read once: its file may change while runs take turns.

    Raises:
        CheckpointError: it is missing, damaged or of another model.
    """
    for task, _ in steps:
        if request.pretrained is not None and task.parent == request.pretrained:
            return task.load_parent()
    return None


def _identity(
    task: StageTask,
    recordings: Sequence[Recording],
    start: Checkpoint | None,
    before: Mapping[Path, Identity],
) -> Identity:
    """What a stage's outcome will be made of.

    Args:
        task: the stage.
        recordings: its recordings, loaded.
        start: the checkpoint that the request names, if any.
        before: the identities of earlier stages of the run, by their folders.
    """
    parent = task.parent
    if parent is None:
        return task.identity(recordings, None)
    if start is not None and parent == start.path:
        return task.identity(recordings, start.digest)
    made_here = before.get(parent.parent)
    if made_here is not None and finished_record(parent.parent, made_here) is None:
        return task.identity(recordings, TO_COME)
    present = task.load_parent()
    return task.identity(recordings, None if present is None else present.digest)


def _check_stages(request: RunRequest) -> None:
    if not 0 <= request.seed <= LARGEST_SEED:
        raise UsageError(f"{request.seed} is no seed: it must be 0 to {LARGEST_SEED}.")
    if request.pretrained is not None and "pretrain" in request.stages:
        raise UsageError(
            "--pretrained names weights to fine-tune, so that there is nothing to pretrain: leave"
            " it out, or leave pretrain out of --stages."
        )
    if request.pretrained is not None and "finetune" not in request.stages:
        raise UsageError(
            "--pretrained names weights to fine-tune: leave it out, or add finetune to --stages."
        )


def check_structure(
    factory: str | None, spec: DecoderSpec, stages: Collection[StageName]
) -> tuple[str, ...]:
    """Make sure that a user's decoder has what the stages need; what to say of it otherwise.

    Args:
        factory: what makes it; None where its code is ours.
        spec: the decoder.
        stages: the stages that it is to go through.

    Raises:
        TrainingError: it has not.
        DecoderError: the user's code does not make a decoder that can be trained.
    """
    if factory is None:
        return ()
    decoder = make_decoder(spec, factory)
    if "prune" in stages and not decoder.prunable_weights():
        raise TrainingError(
            f"{spec.name} has no layer whose weights could be pruned: leave out the stage prune."
        )
    if "half" in stages and not decoder.can_halve:
        raise TrainingError(
            f"{spec.name} does not decode in half precision: leave out the stage half."
        )
    return decoder.training_remarks()


def _steps(
    request: RunRequest, spec: DecoderSpec, opened: OpenedRecordings, folder: Path
) -> Iterator[tuple[StageTask, Path]]:
    """Each stage's task and folder, in order."""
    first = StageTask(
        "pretrain",
        spec,
        request.recipe,
        request.seed,
        request.pretrain_on,
        None,
        request.compute,
        request.model.factory,
    )
    parent = request.pretrained
    if "pretrain" in request.stages:
        pretrain_folder = pretraining_folder(request.root, first, first.load_recordings(opened))
        parent = pretrain_folder / WEIGHTS_NAME
        yield first, pretrain_folder
    elif parent is None:
        parent = find_pretrained(request.root, first, opened.load(request.session))
    for stage in STAGES[1:]:
        if stage in request.stages:
            if stage != "finetune":
                parent = _parent_in_run(stage, request.stages, folder)
            task = replace(first, stage=stage, recordings=(request.session,), parent=parent)
            yield task, folder / stage


def _parent_in_run(stage: StageName, stages: Sequence[StageName], folder: Path) -> Path:
    """The weights that pruning or halving starts from.

    They are those of the last stage before it that is to be run, or else was.

    Raises:
        TrainingError: there are none.
    """
    before = [each for each in ("prune", "finetune") if STAGES.index(each) < STAGES.index(stage)]
    to_run = [each for each in before if each in stages]
    finished = [each for each in before if read_record(folder / each) is not None]
    for name in (*to_run, *finished):
        return folder / name / WEIGHTS_NAME
    raise TrainingError(
        f"{folder} holds no finished {' or '.join(reversed(before))} for the stage {stage} to start"
        " from: add finetune to --stages."
    )
