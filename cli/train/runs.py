"""What ``nbsuite train`` does: plan all runs, run them, and print what they come to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from nbsuite.benchmarking.results import BenchmarkResult
from nbsuite.cli.benchmark.report import outcome_as_json, print_outcome
from nbsuite.cli.frame import output
from nbsuite.cli.frame.observing import shown_progress
from nbsuite.cli.train.display import Display
from nbsuite.files import ensure_writable
from nbsuite.submissions.study.trained import RESULTS_NAME, measure_runs
from nbsuite.training.observer import Event, Observer
from nbsuite.training.order import Order, plan_order
from nbsuite.training.run_folder import read_record
from nbsuite.training.run_plan import RunPlan, run_plan
from nbsuite.training.seeds import one_of_each, require_alike


def train_all(order: Order, display: Display, *, tensorboard: bool, as_json: bool) -> None:
    """Plan and check all runs, run them, measure them, and print the results.

    Raises:
        NbsuiteError: a run cannot begin, go on or be measured.
        OSError: the folder cannot be written, or the disk is full.
    """
    observer: Observer = _with_tensorboard(display) if tensorboard else display
    with shown_progress(quiet=display.quiet) as shown:
        plans = plan_order(order, shown)
    require_alike(plans, force=order.force)
    measured = order.output / RESULTS_NAME
    ensure_writable(measured if one_of_each(plans) else order.output)
    with closing(display):
        for plan in plans:
            run_plan(plan, observer, force=order.force)
    require_alike(plans, force=order.force)  # with what other runs have finished since
    with shown_progress(quiet=display.quiet) as shown:
        results, files = measure_runs(plans, measured, shown)
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
