"""Reading folders of challenge-format results, whoever wrote them.

A folder holds ``results_<model>_<recording>.json`` with lists over seeds and, beside them,
provenance and a summary by model. A summary alone will do: its means then stand for one run each.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nbsuite.data.twins.info import TWIN_MARK
from nbsuite.errors import ResultsError
from nbsuite.submissions.results.challenge import (
    AVERAGE,
    METRICS,
    Results,
    provenance_path,
    summarise,
)
from nbsuite.submissions.results.names import model_and_recording, model_of_summary, results_in
from nbsuite.submissions.results.schema import read_json, read_object
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING

EARLIER_NAMES = {"maxR2": "bigRSNN"}
"""Names in published files, and the names of the same models in the publication."""

UNNAMED_TWIN = "twin"

_SESSIONS = {session.name: session for session in PRIMATE_REACHING.sessions}
_AGREEMENT = 1e-9


@dataclass(frozen=True)
class ModelResults:
    """Results of one model on the challenge's sessions.

    Attributes:
        model: the model's name.
        twin: None for results on real recordings; otherwise which twins, e.g. ``twin-seed1``.
        origin: the folder or file read.
        sessions: session id to lists over seeds.
        averaged: the lists hold means out of a summary, not single runs.
    """

    model: str
    twin: str | None
    origin: Path
    sessions: Mapping[str, Results]
    averaged: bool = False

    @property
    def missing(self) -> list[str]:
        """The challenge's sessions without results, by id."""
        return [s.label for s in PRIMATE_REACHING.sessions if s.label not in self.sessions]


@dataclass(frozen=True)
class ResultsFolder:
    """All that a folder or file holds.

    Attributes:
        models: the results by model and kind of data.
        others: files of results on recordings that are no session of the challenge, or of twins
            that are not told apart.
    """

    models: Sequence[ModelResults]
    others: Sequence[Path] = ()

    @property
    def real(self) -> list[ModelResults]:
        """Results on real recordings."""
        return [each for each in self.models if each.twin is None]

    @property
    def twins(self) -> list[ModelResults]:
        """Results on twins."""
        return [each for each in self.models if each.twin is not None]


@dataclass
class _Collected:
    """Results found so far, by model and twin."""

    lists: dict[tuple[str, str | None], dict[str, Results]] = field(default_factory=dict)
    summaries: dict[tuple[str, str | None], Path] = field(default_factory=dict)
    others: list[Path] = field(default_factory=list)


def read_results(path: Path) -> ResultsFolder:
    """Read a folder of results, or a single file of it.

    Raises:
        ResultsError: there is nothing of the format, or a file is damaged or contradicts another.
    """
    if not path.exists():
        raise ResultsError(f"There are no results at {path}; check the path.")
    collected = _Collected()
    for file in results_files(path):
        _collect(file, collected)
    models = [
        ModelResults(model, twin, path, _in_order(sessions))
        for (model, twin), sessions in sorted(
            collected.lists.items(), key=lambda item: str(item[0])
        )
    ]
    models += _from_summaries(path, collected)
    if not models and not collected.others:
        raise ResultsError(
            f"{path} holds no results in challenge format (results_<model>_<session>.json); "
            "write them with `nbsuite benchmark`."
        )
    return ResultsFolder(models, collected.others)


def results_files(path: Path) -> list[Path]:
    """The files of results and summaries in a folder, or the one file; provenance left out."""
    return results_in(path) if path.is_dir() else [path]


def read_lists(file: Path) -> Results:
    """Read a results file: each metric's list over seeds.

    Raises:
        ResultsError: it is damaged, or its lists differ in length.
    """
    results: Results = read_json(file, "results")
    lengths = {metric: len(results[metric]) for metric in METRICS}
    if len(set(lengths.values())) > 1:
        odd = min(METRICS, key=lambda metric: list(lengths.values()).count(lengths[metric]))
        raise ResultsError(
            f"{file} has {lengths[odd]} values of {odd}, but another number of other metrics; "
            "each needs one value a seed: write it again."
        )
    return results


def is_twin(file: Path, provenance: Mapping[str, object] | None = None) -> bool:
    """Whether a results file is about a twin: its name says so, or the provenance beside it.

    Args:
        file: the results file.
        provenance: what is beside it, where that was read already.

    Raises:
        ResultsError: the provenance is damaged.
    """
    if TWIN_MARK in file.stem:
        return True
    return bool((read_provenance(file) if provenance is None else provenance).get("twin"))


def read_provenance(file: Path) -> dict[str, object]:
    """The provenance beside a results file; empty where there is none.

    Raises:
        ResultsError: it is no JSON object, or does not say whether it is about a twin as it must.
    """
    path = provenance_path(file)
    if not os.path.lexists(path):
        return {}
    content = read_object(path)
    if not isinstance(content.get("twin", False), bool):
        raise ResultsError(
            f"{path} must say whether it is about a twin with true or false; write it again."
        )
    return content


def _collect(file: Path, collected: _Collected) -> None:
    if (summarised := model_of_summary(file)) is not None:
        model, of_twins = summarised
        collected.summaries[_current_name(model), UNNAMED_TWIN if of_twins else None] = file
        return
    model, recording = model_and_recording(file) or ("", "")
    name, _, variant = recording.partition("-")
    session = _SESSIONS.get(name)
    results = read_lists(file)
    twin = (variant or UNNAMED_TWIN) if is_twin(file) else None
    if session is None or (variant and twin is None):
        collected.others.append(file)
        return
    sessions = collected.lists.setdefault((_current_name(model), twin), {})
    if session.label in sessions:
        raise ResultsError(
            f"{file} holds results that another file of the folder holds under another name; "
            "remove one of them."
        )
    sessions[session.label] = results


def _current_name(model: str) -> str:
    return EARLIER_NAMES.get(model, model)


def _in_order(sessions: Mapping[str, Results]) -> dict[str, Results]:
    labels = [session.label for session in PRIMATE_REACHING.sessions]
    return {label: sessions[label] for label in labels if label in sessions}


def _from_summaries(path: Path, collected: _Collected) -> list[ModelResults]:
    """Models of which there are summaries alone; the other summaries are checked.

    Raises:
        ResultsError: a summary is damaged, or not that of the lists beside it.
    """
    found = []
    for (model, twin), file in collected.summaries.items():
        summary = read_json(file, "summary")
        lists = collected.lists.get((model, twin))
        sessions = {
            _SESSIONS[name].label: {metric: [means[metric]] for metric in METRICS}
            for name, means in summary.items()
            if name in _SESSIONS
        }
        if lists is not None:
            _check_summary(summary, lists, file)
        elif sessions and twin is None:
            found.append(ModelResults(model, None, path, _in_order(sessions), averaged=True))
        elif not any(each == model and of_twins for each, of_twins in collected.lists):
            collected.others.append(file)
    return found


def _check_summary(
    summary: Mapping[str, Mapping[str, float]], lists: Mapping[str, Results], file: Path
) -> None:
    """Hold the summary's sessions against the lists beside it.

    Its average is held against theirs where it is over the same sessions.
    """
    names = {session.label: session.name for session in PRIMATE_REACHING.sessions}
    due_means = summarise({names[label]: results for label, results in lists.items()})
    if summary.keys() != due_means.keys():
        del due_means[AVERAGE]
    for name, means in due_means.items():
        for metric, due in means.items():
            found = summary.get(name, {}).get(metric)
            if found is not None and abs(found - due) > _AGREEMENT * max(1.0, abs(due)):
                raise ResultsError(
                    f"{file} gives {found:g} as {metric} of {name}, where the lists beside it "
                    f"average {due:g}; write the results again."
                )


def labels_of(models: Iterable[ModelResults]) -> list[str]:
    """The models' names, told apart by their folders where two share one.

    Where that does not tell them apart, their twins do, or their places in the row.
    """
    models = list(models)
    labels = [each.model for each in models]
    for told in (
        [str(each.origin) for each in models],
        [each.twin or "real" for each in models],
        [f"{number} of {len(models)}" for number in range(1, 1 + len(models))],
    ):
        counts = Counter(labels)
        labels = [
            f"{label} ({more})" if counts[label] > 1 else label
            for label, more in zip(labels, told, strict=True)
        ]
    return labels
