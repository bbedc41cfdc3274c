"""A study from its file to its results: laid out, and what is missing of it run."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from nbsuite.benchmarking.session import AS_USUAL, RunSettings
from nbsuite.files import ensure_writable
from nbsuite.observer import Observer as BaseObserver
from nbsuite.observer import Remark, ignore, stage_reporter
from nbsuite.submissions.study.plan import StudyPlan, plan_study
from nbsuite.sweep.clusters import Place, connected, read_cluster_file
from nbsuite.sweep.cost import Rates, measured_rates, remaining_paths
from nbsuite.sweep.graph import finished_tasks
from nbsuite.sweep.local_workers import local_workers
from nbsuite.sweep.pool import DaskPool
from nbsuite.sweep.run import Observer, run_schedule
from nbsuite.sweep.schedule import Schedule
from nbsuite.sweep.study_file import read_study
from nbsuite.training.run_folder import exclusive
from nbsuite.twin_labels import recording_meant


@dataclass(frozen=True)
class Where:
    """Where a study is to be run; nothing of it means on all cores of this machine.

    Attributes:
        workers: processes on this machine.
        scheduler: address of a scheduler that runs already.
        cluster: the cluster file.
    """

    workers: int | None = None
    scheduler: str | None = None
    cluster: Path | None = None

    def place(self, plan: StudyPlan, finished: Collection[str]) -> Place:
        """The place for what is not finished of a study.

        Raises:
            UsageError: the cluster file cannot be used.
        """
        if self.scheduler is not None:
            return self.scheduler
        if self.cluster is not None:
            return read_cluster_file(self.cluster)
        todo = len(plan.graph) - len(finished)
        return local_workers(plan.study.threads, todo, self.workers)


def lay_out(
    study: Path,
    root: Path,
    data_dir: Path,
    observer: BaseObserver = ignore,
    settings: RunSettings = AS_USUAL,
    *,
    run_code: bool = False,
) -> tuple[StudyPlan, Rates]:
    """Lay out the tasks of a study file, and say which data is used and what to expect.

    Args:
        study: the study file.
        root: the folder of all runs.
        data_dir: the folder of recordings.
        observer: told of progress and of which data is used.
        settings: how decoders are measured.
        run_code: whether decoders that the file names as code may be run.

    Raises:
        NbsuiteError: the study cannot be run.
    """
    described = read_study(study, run_code=run_code)
    plan = plan_study(described, data_dir, root, stage_reporter(observer), settings)
    for recording in plan.recordings:
        kind = recording_meant(twin=recording.twin is not None)
        observer(Remark(f"{recording.session.label}: {kind}, {recording.path}"))
    for remark in plan.remarks:
        observer(Remark(remark))
    return plan, measured_rates(root.absolute(), described.threads)


def run_missing(
    plan: StudyPlan, rates: Rates, where: Where, observer: Observer = ignore
) -> Schedule:
    """Run what is missing of a study.

    Args:
        plan: the study.
        rates: how long tasks should take: the longest way goes first.
        where: where to run it.
        observer: told of progress.

    Returns:
        The states that the tasks ended in.

    Raises:
        NbsuiteError: the workers cannot be had, or are gone.
        OSError: the folder of all runs cannot be written, or the disk is full.
    """
    ensure_writable(plan.folder.root)
    with exclusive(plan.folder.path):
        plan.folder.write_tasks(plan.graph)
        finished = finished_tasks(plan.graph)
        schedule = Schedule(plan.graph, finished)
        if not schedule.is_over:
            priorities = remaining_paths(plan.graph, rates)
            with connected(where.place(plan, finished)) as client:
                dashboard = client.dashboard_link or ""
                pool = DaskPool(client)
                run_schedule(schedule, pool, plan.folder, priorities, observer, dashboard)
    return schedule
