"""What ``nbsuite train`` does: plan all runs, run them, and measure what came out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from nbsuite.benchmarking.results import BenchmarkResult
from nbsuite.benchmarking.session import RunSettings
from nbsuite.cli.benchmark.jobs import Job, load_target, run_jobs
from nbsuite.cli.benchmark.report import outcome_as_json, print_outcome
from nbsuite.cli.frame import output
from nbsuite.cli.train.display import Display
from nbsuite.data.recording import Recording
from nbsuite.data.windows import training_split
from nbsuite.errors import UsageError
from nbsuite.files import ensure_writable
from nbsuite.models.checkpoint import load_checkpoint
from nbsuite.tasks.locate import Location, Source, locate
from nbsuite.training.compute import Compute
from nbsuite.training.observer import Event, Observer
from nbsuite.training.pretraining import find_recordings, in_order
from nbsuite.training.recipe import Recipe
from nbsuite.training.run_folder import read_record
from nbsuite.training.run_plan import (
    RunPlan,
    RunRequest,
    plan_run,
    run_plan,
)
from nbsuite.training.seeds import finished_seeds, one_of_each, require_alike
from nbsuite.training.stage_task import StageName

RESULTS_NAME = "results"
PICTURE_NAME = "decoding.png"


@dataclass(frozen=True)
class Order:
    """What the command line asks for; see ``RunRequest`` for what is not explained here.

    Attributes:
        targets: the sessions to decode, by id, name or path.
        seeds: the seeds of each session.
        pretrain_on: the sessions to pretrain on; empty for the published choice.
        data: real recordings or twins.
        data_dir: the folder of recordings.
        output: the folder of all runs.
        force: train again what was made with other settings.
    """

    model: str
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


def train_all(order: Order, display: Display, *, tensorboard: bool, as_json: bool) -> None:
    """Plan and check all runs, run them, measure them, and print the results.

    Raises:
        NbsuiteError: a run cannot begin, go on or be measured.
        OSError: the folder cannot be written, or the disk is full.
    """
    observer: Observer = _with_tensorboard(display) if tensorboard else display
    plans = list(_plans(order, quiet=display.quiet))
    require_alike(plans, force=order.force)
    measured = order.output / RESULTS_NAME
    ensure_writable(measured if one_of_each(plans) else order.output)
    with closing(display):
        for plan in plans:
            run_plan(plan, observer, force=order.force)
    require_alike(plans, force=order.force)  # with what other runs have finished since
    results, files = _measure(plans, measured, quiet=display.quiet)
    if as_json or display.log_json:
        _print_json(plans, results, files, one_line=display.log_json)
    else:
        print_outcome(results, files, as_json=False)


def _with_tensorboard(display: Display) -> Observer:
    from nbsuite.training.tensorboard import TensorBoardObserver

    tensorboard = TensorBoardObserver()

    def observe(event: Event) -> None:
        tensorboard(event)
        display(event)

    return observe


def _plans(order: Order, *, quiet: bool) -> Iterator[RunPlan]:
    if order.pretrain_on and "pretrain" not in order.stages:
        raise UsageError(
            "--pretrain-on is of no use without the stage pretrain: leave it out, or add the stage."
        )
    for target in dict.fromkeys(order.targets):
        recording = load_target(target, order.data_dir, order.data, quiet=quiet)
        pretrain_on: tuple[Location, ...] = ()
        if "pretrain" in order.stages:
            training_split(recording, order.recipe.windows)  # before a twin is generated
            pretrain_on = _pretraining_recordings(order, recording, quiet=quiet)
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
            plan = plan_run(request, force=order.force)
            _say_start(plan, order)
            yield plan


def _say_start(plan: RunPlan, order: Order) -> None:
    """Say what fine-tuning starts from where that was neither named nor is to be made."""
    if order.pretrained is not None or "pretrain" in order.stages:
        return
    for task, folder in plan.steps:
        if task.stage == "finetune":
            output.note(f"{folder} starts from {task.parent or 'random weights: none pretrained'}.")


def _pretraining_recordings(
    order: Order, recording: Recording, *, quiet: bool
) -> tuple[Location, ...]:
    """The recordings to pretrain on; says which they are, and what is missing."""
    with output.stage_progress(quiet=quiet) as report:
        if order.pretrain_on:
            return in_order(
                [locate(each, order.data_dir, order.data, report) for each in order.pretrain_on]
            )
        found = find_recordings(recording, order.data_dir, report)
    names = ", ".join(each.session.label for each in found.locations if each.session is not None)
    kind = "TWINS" if recording.twin else "real recordings"
    output.note(f"Pretraining for {recording.session.label} is on {kind}: {names}")
    if found.missing:
        monkey = (recording.session.subject or "").capitalize()
        output.note(
            f"Note: {len(found.missing)} more public sessions of {monkey} are not there; fetch them"
            f" with `nbsuite data fetch {' '.join(each.name for each in found.missing)}`."
        )
    return found.locations


def _measure(
    plans: Sequence[RunPlan], folder: Path, *, quiet: bool
) -> tuple[list[BenchmarkResult], list[Path]]:
    """Benchmark what the runs ended with, beside other seeds of the same settings."""
    recordings = {
        path: plan.recording for plan in one_of_each(plans) for path in finished_seeds(plan)
    }
    jobs = [Job(load_checkpoint(path), recording) for path, recording in recordings.items()]
    return measure_jobs(jobs, folder, quiet=quiet) if jobs else ([], [])


def measure_jobs(
    jobs: Sequence[Job], folder: Path, *, quiet: bool
) -> tuple[list[BenchmarkResult], list[Path]]:
    """Benchmark decoders into the runs' folder of results, with a picture of each.

    The folder is the runs' own, so that earlier results of theirs need no protection.
    """
    return run_jobs(
        jobs,
        RunSettings(),
        folder,
        name_plots=True,
        plot=folder / PICTURE_NAME,
        force=True,
        quiet=quiet,
    )


def _print_json(
    plans: Sequence[RunPlan],
    results: Sequence[BenchmarkResult],
    files: Sequence[Path],
    *,
    one_line: bool,
) -> None:
    content = {"runs": [_described(plan) for plan in plans], **outcome_as_json(results, files)}
    if one_line:
        click.echo(json.dumps(content, allow_nan=False))
    else:
        output.print_json(content)


def _described(plan: RunPlan) -> Mapping[str, Any]:
    task = plan.steps[-1][0]
    stages = {}
    for step, folder in plan.steps:
        record = read_record(folder)
        stages[step.stage] = {
            "folder": str(folder),
            "summary": None if record is None else record.summary,
        }
    return {
        "model": task.spec.name,
        "recording": plan.recording.name,
        "twin": plan.recording.twin is not None,
        "seed": task.seed,
        "stages": stages,
    }
