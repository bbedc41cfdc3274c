"""What ``nbsuite sweep`` does: lay a study out, run what is missing, say what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbsuite.benchmarking.session import RunSettings
from nbsuite.cli.frame import output
from nbsuite.cli.frame.observing import shown_progress
from nbsuite.cli.sweep.display import Display, time_text
from nbsuite.cli.tables.rich_tables import emit
from nbsuite.errors import NbsuiteError, TrainingError
from nbsuite.observer import Observer, Remark
from nbsuite.submissions.results.formats import Table
from nbsuite.submissions.study.last_tasks import publication_tables
from nbsuite.submissions.study.plan import StudyPlan
from nbsuite.submissions.study.ranking import read_ranking
from nbsuite.submissions.study.run import Where, lay_out, run_missing
from nbsuite.sweep.clusters import require_distributed
from nbsuite.sweep.cost import Rates, elapsed_seconds, processor_seconds
from nbsuite.sweep.graph import finished_tasks
from nbsuite.sweep.local_workers import LocalWorkers
from nbsuite.sweep.schedule import Schedule


@dataclass(frozen=True)
class Order:
    """What the command line asks for.

    Attributes:
        study: the study file.
        root: the folder of all runs.
        data_dir: the folder of recordings.
        where: where to run it.
        settings: how decoders are measured.
        run_code: run the decoders that the study names as code.
        quiet: show no progress.
        as_json: print JSON.
    """

    study: Path
    root: Path
    data_dir: Path
    where: Where
    settings: RunSettings
    run_code: bool
    quiet: bool
    as_json: bool


def print_plan(order: Order) -> None:
    """Print the tasks, what is finished of them, and what the others should take.

    Raises:
        NbsuiteError: the study cannot be run.
    """
    plan, rates = _plan(order)
    finished = finished_tasks(plan.graph)
    place = order.where.place(plan, finished)
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
    try:
        with closing(Display(plan.folder, rates, quiet=order.quiet)) as display:
            schedule = run_missing(plan, rates, order.where, display)
    except KeyboardInterrupt:
        output.note("Every finished epoch is kept: give the same command again to go on.")
        raise
    fault = _print_results(plan, schedule, as_json=order.as_json)
    _report_failures(plan, schedule)
    if fault is not None:
        raise fault


def _plan(order: Order) -> tuple[StudyPlan, Rates]:
    with shown_progress(quiet=order.quiet) as observer:
        told = _without_remarks(observer) if order.quiet else observer
        return lay_out(
            order.study,
            order.root,
            order.data_dir,
            told,
            order.settings,
            run_code=order.run_code,
        )


def _without_remarks(observer: Observer) -> Observer:
    return lambda event: None if isinstance(event, Remark) else observer(event)


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
