"""The whole graph of a study: stages, benchmarks, tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbsuite.benchmarking.session import AS_USUAL, RunSettings
from nbsuite.data.recording import Recording
from nbsuite.submissions.results.challenge import results_path
from nbsuite.submissions.study.last_tasks import MADE_OF_NAME, BenchmarkWork, TablesWork
from nbsuite.submissions.study.ranking import Candidate, RankingWork
from nbsuite.sweep.graph import Effort, Graph, StudyTask, Work
from nbsuite.sweep.search import Variant
from nbsuite.sweep.stage_graph import PlannedDecoder, Progress, StageGraph
from nbsuite.sweep.study import Study
from nbsuite.sweep.study_folder import StudyFolder, study_folder
from nbsuite.training.run_folder import WEIGHTS_NAME, identity_digest


@dataclass(frozen=True)
class Measured:
    """A decoder of the study and what it came to.

    Attributes:
        decoder: the decoder.
        task: key of the benchmark.
        results: its results file.
    """

    decoder: PlannedDecoder
    task: str
    results: Path


@dataclass(frozen=True)
class StudyPlan:
    """A study laid out.

    Attributes:
        study: the study.
        graph: all its tasks.
        folder: its folder.
        recordings: the recordings that it decodes.
        remarks: what a person should know of decoders of their own, in sentences.
    """

    study: Study
    graph: Graph
    folder: StudyFolder
    recordings: tuple[Recording, ...]
    remarks: tuple[str, ...] = ()

    @property
    def results_folders(self) -> list[Path]:
        """Where the results of each variant go."""
        return [self.folder.results / variant.name for variant in self.study.variants]

    @property
    def ranking(self) -> Path:
        """Where the ranking of the variants goes."""
        return self.folder.path / "ranking"

    @property
    def is_search(self) -> bool:
        """Whether there are variants to choose among."""
        return len(self.study.variants) > 1


def plan_study(
    study: Study,
    data_dir: Path,
    root: Path,
    progress: Progress,
    settings: RunSettings = AS_USUAL,
) -> StudyPlan:
    """Lay out all tasks of a study.

    Args:
        study: the study.
        data_dir: the folder of recordings.
        root: the folder of all runs.
        progress: told of twins that have to be generated.
        settings: how decoders are measured.

    Raises:
        UsageError, DataError: as ``StageGraph``, or code of the user's own cannot be used.
    """
    stages = StageGraph(study, data_dir, root, progress)
    tasks = dict(stages.tasks)
    own_folder = study_folder(root, study.name)
    plan = StudyPlan(study, tasks, own_folder, stages.targets, stages.remarks)
    own = settings.own_code().to_json()
    measured = [
        _add_benchmark(tasks, each, study.threads, settings, own) for each in stages.decoders
    ]
    if not measured:
        return plan
    by_variant: dict[Variant, list[Measured]] = {variant: [] for variant in study.variants}
    for each in measured:
        by_variant[each.decoder.variant].append(each)
    for (variant, found), folder in zip(by_variant.items(), plan.results_folders, strict=True):
        work = TablesWork(tuple(dict.fromkeys(each.results for each in found)), folder)
        parents = [each.task for each in found]
        _add_last(tasks, f"tables/{variant.name or study.name}", folder, parents, work)
    if plan.is_search:
        candidates = _candidates(measured, tasks)
        parents = [each.task for each in measured]
        ranking = RankingWork(candidates, plan.ranking)
        _add_last(tasks, f"ranking/{study.name}", plan.ranking, parents, ranking)
    return plan


def _add_benchmark(
    tasks: dict[str, StudyTask],
    decoder: PlannedDecoder,
    threads: int,
    settings: RunSettings,
    own: Mapping[str, Any],
) -> Measured:
    """The benchmark of a decoder; variants that share the decoder share it.

    What code of the user's own takes part tells one benchmark from another.
    """
    stage, recording = tasks[decoder.stage], decoder.recording
    readable, _, parent = stage.folder.name.rpartition("_")
    made_of = {"decoder": f"{stage.kind} {parent}", "data": recording.digest, **own}
    name = f"{readable}_{identity_digest(made_of)[: len(parent)]}"
    folder = stage.folder.parents[1] / "benchmark" / name
    results = results_path(folder, settings.named(stage.effort.model), recording.name)
    key = f"benchmark/{name}"
    if key not in tasks:
        title = stage.title.replace(stage.kind, "benchmark", 1)
        work = BenchmarkWork(
            stage.folder / WEIGHTS_NAME,
            decoder.location,
            results,
            threads,
            settings,
            decoder.factory,
        )
        effort = Effort(stage.effort.model, len(recording.test))
        tasks[key] = StudyTask(key, title, folder, results.name, (stage.key,), work, effort)
    return Measured(decoder, key, results)


def _add_last(
    tasks: dict[str, StudyTask], key: str, folder: Path, parents: Sequence[str], work: Work
) -> None:
    """Add a task that gathers what others come to, if some of them fail."""
    distinct = tuple(dict.fromkeys(parents))
    title = key.replace("/", " ")
    effort = Effort("", 0)
    tasks[key] = StudyTask(key, title, folder, MADE_OF_NAME, distinct, work, effort, partial=True)


def _candidates(measured: Sequence[Measured], tasks: Graph) -> tuple[Candidate, ...]:
    """The variants of each model under each task, with all that was made of them."""
    found: dict[tuple[str, Variant, str, str], list[tuple[Path, Path]]] = {}
    for each in measured:
        stage = tasks[each.decoder.stage]
        task = each.decoder.recording.task.protocol
        key = (stage.effort.model, each.decoder.variant, task, each.decoder.family)
        pairs = found.setdefault(key, [])
        pairs.append((stage.folder, each.results))
    return tuple(
        Candidate(model, variant.name, tuple(pairs), task, family)
        for (model, variant, task, family), pairs in found.items()
    )
