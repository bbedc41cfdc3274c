"""What is asked for at once: a model, several sessions, several seeds, laid out as runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nbsuite.data.recording import Recording
from nbsuite.errors import UsageError
from nbsuite.observer import Observer, Remark, ignore, stage_reporter
from nbsuite.tasks.locate import Location, Source, locate
from nbsuite.tasks.opened import OpenedRecordings
from nbsuite.tasks.targets import load_target
from nbsuite.training.compute import Compute
from nbsuite.training.families import Model
from nbsuite.training.pretraining import find_recordings, in_order
from nbsuite.training.recipe import Recipe
from nbsuite.training.run_plan import RunPlan, RunRequest, plan_run
from nbsuite.training.stage_task import StageName
from nbsuite.training.windows import training_split
from nbsuite.twin_labels import kinds_of


@dataclass(frozen=True)
class Order:
    """What is to be trained; see ``RunRequest`` for what is not explained here.

    Attributes:
        targets: the sessions to decode, by id, name or path.
        seeds: the seeds of each session.
        pretrain_on: the sessions to pretrain on; empty for the published choice.
        data: real recordings or twins.
        data_dir: the folder of recordings.
        output: the folder of all runs.
        force: train again what was made with other settings.
    """

    model: Model
    recipe: Recipe
    targets: tuple[str, ...]
    seeds: Sequence[int]
    stages: tuple[StageName, ...]
    pretrain_on: tuple[str, ...]
    pretrained: Path | None
    compute: Compute
    data: Source
    data_dir: Path
    output: Path
    force: bool


def plan_order(order: Order, observer: Observer = ignore) -> list[RunPlan]:
    """Lay out all runs, and check them before anything is trained.

    Args:
        order: what is asked for.
        observer: told of progress, and of which data and weights it starts from.

    Raises:
        NbsuiteError: a run cannot begin or go on.
    """
    return list(_plans(order, observer))


def _plans(order: Order, observer: Observer) -> Iterator[RunPlan]:
    if order.pretrain_on and "pretrain" not in order.stages:
        raise UsageError(
            "--pretrain-on is of no use without the stage pretrain: leave it out, or add the stage."
        )
    opened, said = OpenedRecordings(), set[str]()
    for target in dict.fromkeys(order.targets):
        recording = load_target(target, order.data_dir, order.data, observer)
        opened.add(recording)
        pretrain_on: tuple[Location, ...] = ()
        if "pretrain" in order.stages:
            training_split(recording, order.recipe.windows)  # before a twin is generated
            pretrain_on = _pretraining_recordings(order, recording, observer)
        for seed in order.seeds:
            request = RunRequest(
                model=order.model,
                recipe=order.recipe,
                seed=seed,
                session=Location(recording.path, recording.session, recording.twin is not None),
                stages=order.stages,
                pretrain_on=pretrain_on,
                pretrained=order.pretrained,
                compute=order.compute,
                root=order.output,
            )
            plan = plan_run(request, force=order.force, opened=opened)
            for remark in plan.remarks:
                if remark not in said:
                    observer(Remark(remark))
                    said.add(remark)
            _say_start(plan, order, observer)
            yield plan


def _say_start(plan: RunPlan, order: Order, observer: Observer) -> None:
    """Say what fine-tuning starts from where that was neither named nor is to be made."""
    if order.pretrained is not None or "pretrain" in order.stages:
        return
    for task, folder in plan.steps:
        if task.stage == "finetune":
            start = task.parent or "random weights: none pretrained"
            observer(Remark(f"{folder} starts from {start}."))


def _pretraining_recordings(
    order: Order, recording: Recording, observer: Observer
) -> tuple[Location, ...]:
    """The recordings to pretrain on; says which they are, and what is missing."""
    report = stage_reporter(observer)
    if order.pretrain_on:
        return in_order(
            [locate(each, order.data_dir, order.data, report) for each in order.pretrain_on]
        )
    found = find_recordings(recording, order.data_dir, report)
    names = ", ".join(each.session.label for each in found.locations if each.session is not None)
    kind = kinds_of(twins=recording.twin is not None)
    observer(Remark(f"Pretraining for {recording.session.label} is on {kind}: {names}"))
    if found.missing:
        monkey = (recording.session.subject or "").capitalize()
        sessions = " ".join(each.name for each in found.missing)
        observer(
            Remark(
                f"Note: {len(found.missing)} more public sessions of {monkey} are not there; fetch"
                f" them with `nbsuite data fetch {sessions}`."
            )
        )
    return found.locations
