"""What ``nbsuite sweep`` does: lay a study out, run what is missing, say what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbsuite.cli.frame import output
from nbsuite.cli.sweep.display import Display, time_text
from nbsuite.cli.tables.rich_tables import emit
from nbsuite.errors import NbsuiteError, TrainingError
from nbsuite.files import ensure_writable
from nbsuite.submissions.results.formats import Table
from nbsuite.submissions.study.last_tasks import publication_tables
from nbsuite.submissions.study.plan import StudyPlan, plan_study
from nbsuite.submissions.study.ranking import read_ranking
from nbsuite.sweep.clusters import Place, connected, read_cluster_file, require_distributed
from nbsuite.sweep.cost import (
    Rates,
    elapsed_seconds,
    measured_rates,
    processor_seconds,
    remaining_paths,
)
from nbsuite.sweep.graph import finished_tasks
from nbsuite.sweep.local_workers import LocalWorkers, local_workers
from nbsuite.sweep.pool import DaskPool
from nbsuite.sweep.run import run_schedule
from nbsuite.sweep.schedule import Schedule
from nbsuite.sweep.study_file import read_study
from nbsuite.training.run_folder import exclusive


@dataclass(frozen=True)
class Order:
    """What the command line asks for.

    Attributes:
        study: the study file.
        root: the folder of all runs.
        data_dir: the folder of recordings.
        workers: processes on this machine; None for as many as there are cores for.
        scheduler: address of a scheduler that runs already.
        cluster: the cluster file.
        quiet: show no progress.
        as_json: print JSON.
    """

    study: Path
    root: Path
    data_dir: Path
    workers: int | None
    scheduler: str | None
    cluster: Path | None
    quiet: bool
    as_json: bool


def print_plan(order: Order) -> None:
    """Print the tasks, what is finished of them, and what the others should take.

    Raises:
        NbsuiteError: the study cannot be run.
    """
    plan, rates = _plan(order)
    finished = finished_tasks(plan.graph)
    place = _place(order, plan, finished)
    workers = place.count if isinstance(place, LocalWorkers) else None
    total = processor_seconds(plan.graph, rates, finished)
    elapsed = elapsed_seconds(plan.graph, rates, finished, workers or len(plan.graph))
    if order.as_json:
        tasks = [
            {
                "task": key,
                "parents": list(task.parents),
                "finished": key in finished,
                "epochs": task.effort.epochs,
                "seconds": round(rates.seconds(task), 1),
            }
            for key, task in plan.graph.items()
        ]
        estimate = {"task_seconds": total, "elapsed_seconds": elapsed, "workers": workers}
        output.print_json({"tasks": tasks, **estimate, "basis": rates.source})
        return
    rows = [
        [
            task.title,
            str(task.effort.epochs or ""),
            "finished" if key in finished else time_text(rates.seconds(task)),
            _parents_text(plan, task.parents),
        ]
        for key, task in plan.graph.items()
    ]
    on = f"{workers} workers" if workers else "as many workers as it has use for"
    output.print_table(
        ["Task", "Epochs", "Time", "After"],
        rows,
        title=f"Study {plan.study.name}: {len(plan.graph)} tasks, {len(finished)} finished",
        caption=f"About {time_text(total)} of work left, {time_text(elapsed)} on {on}"
        f" ({rates.source}; when pruning, epochs at most).",
        right=["Epochs", "Time"],
    )


def run_study(order: Order) -> None:
    """Run what is missing of a study, and print what it comes to.

    Raises:
        NbsuiteError: the study cannot be run, or a task failed for good.
        OSError: the folder of all runs cannot be written, or the disk is full.
    """
    require_distributed()
    plan, rates = _plan(order)
    ensure_writable(order.root)
    with exclusive(plan.folder.path):
        plan.folder.write_tasks(plan.graph)
        schedule = Schedule(plan.graph, finished_tasks(plan.graph))
        if not schedule.is_over:
            try:
                _run(order, plan, rates, schedule)
            except KeyboardInterrupt:
                output.note("Every finished epoch is kept: give the same command again to go on.")
                raise
    fault = _print_results(plan, schedule, as_json=order.as_json)
    _report_failures(plan, schedule)
    if fault is not None:
        raise fault


def _plan(order: Order) -> tuple[StudyPlan, Rates]:
    study = read_study(order.study)
    with output.stage_progress(quiet=order.quiet) as report:
        plan = plan_study(study, order.data_dir, order.root, report)
    for recording in plan.recordings:
        kind = "its TWIN" if recording.twin else "the real recording"
        if not order.quiet:
            output.note(f"{recording.session.label}: {kind}, {recording.path}")
    return plan, measured_rates(order.root.absolute(), study.threads)


def _place(order: Order, plan: StudyPlan, finished: set[str]) -> Place:
    """Where to run it."""
    if order.scheduler is not None:
        return order.scheduler
    if order.cluster is not None:
        return read_cluster_file(order.cluster)
    todo = len(plan.graph) - len(finished)
    return local_workers(plan.study.threads, todo, order.workers)


def _run(order: Order, plan: StudyPlan, rates: Rates, schedule: Schedule) -> None:
    finished = {key for key, state in schedule.states.items() if state == "finished"}
    place = _place(order, plan, finished)
    priorities = remaining_paths(plan.graph, rates)
    with connected(place) as client:
        dashboard = client.dashboard_link or ""
        display = Display(schedule, plan.folder, rates, dashboard, quiet=order.quiet)
        with closing(display):
            pool = DaskPool(client)
            run_schedule(schedule, pool, plan.folder, priorities, display, dashboard)


def _print_results(plan: StudyPlan, schedule: Schedule, *, as_json: bool) -> NbsuiteError | None:
    """The results' files; for people, the tables too, or why they cannot be shown."""
    folders = [folder for folder in plan.results_folders if folder.is_dir()]
    if as_json:
        output.print_json(_as_json(plan, schedule, folders))
        return None
    fault = None
    try:
        for table in _tables(plan, folders):
            emit(table, "table", None)
    except NbsuiteError as error:
        fault = error
    for folder in folders:
        output.note(f"Results: {folder}")
    return fault


def _tables(plan: StudyPlan, folders: Sequence[Path]) -> list[Table]:
    """What there is to show: of a search its ranking, otherwise the publication's tables.

    Raises:
        ResultsError: what they are made of is damaged.
    """
    if plan.is_search:
        return [read_ranking(plan.ranking)] if plan.ranking.is_dir() else []
    if folders and any(folders[0].glob("table*.md")):
        return list(publication_tables(folders[0]).values())
    return []


def _as_json(plan: StudyPlan, schedule: Schedule, folders: list[Path]) -> dict[str, Any]:
    tasks = {
        key: {
            "state": state,
            "folder": str(plan.graph[key].folder),
            "log": str(plan.folder.failures(key)) if state == "failed" else None,
        }
        for key, state in schedule.states.items()
    }
    ranking = str(plan.ranking / "ranking.json") if plan.is_search else None
    return {
        "study": plan.study.name,
        "tasks": tasks,
        "results": [str(folder) for folder in folders],
        "ranking": ranking,
    }


def _report_failures(plan: StudyPlan, schedule: Schedule) -> None:
    """Say which tasks failed or were not run, and end with their error.

    Raises:
        TrainingError: there are any.
    """
    failed = [key for key, state in schedule.states.items() if state == "failed"]
    if not failed:
        return
    for key in failed:
        output.note(f"FAILED: {plan.graph[key].title}, see {plan.folder.failures(key)}")
    for key, state in schedule.states.items():
        if state == "not run":
            output.note(f"Not run, for what it waits for failed: {plan.graph[key].title}")
    raise TrainingError(
        f"{len(failed)} of {len(plan.graph)} tasks of the study failed: see {plan.folder.path},"
        " mend what is wrong, and give the same command again to run what is missing."
    )


def _parents_text(plan: StudyPlan, parents: tuple[str, ...]) -> str:
    if len(parents) > 1:
        return f"{len(parents)} tasks"
    return plan.graph[parents[0]].title if parents else ""
