"""Reading folders of challenge-format results, whoever wrote them.

A folder holds ``results_<model>_<recording>.json`` with lists over seeds and, beside them,
provenance and a summary by model. A summary alone will do: its means then stand for one run each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from nbsuite.benchmarking.quantities import R2, Quantity
from nbsuite.errors import ResultsError
from nbsuite.submissions.results.challenge import METRICS, Results
from nbsuite.submissions.results.model_results import ModelResults
from nbsuite.submissions.results.names import model_and_recording, model_of_summary
from nbsuite.submissions.results.protocols import CHALLENGE_TASK, sessions_of, task_of
from nbsuite.submissions.results.results_file import (
    is_twin,
    read_lists,
    read_provenance,
    results_files,
)
from nbsuite.submissions.results.run_figures import (
    further_lists,
    own_quantities,
    processing_remarks,
    twin_of,
)
from nbsuite.submissions.results.schema import read_json
from nbsuite.submissions.results.summaries import AVERAGE, summarise, summary_path

if TYPE_CHECKING:  # importing numpy takes longer than printing the help page
    from nbsuite.statistics.block_errors import BlockErrors

EARLIER_NAMES = {"maxR2": "bigRSNN"}
"""Names in published files, and the names of the same models in the publication."""

UNNAMED_TWIN = "twin"

_LABELS = {session.name: session.label for session in sessions_of(CHALLENGE_TASK)}
_AGREEMENT = 1e-9


@dataclass(frozen=True)
class ResultsFolder:
    """All that a folder or file holds.

    Attributes:
        models: the results by model and kind of data.
        others: files of results on recordings that are no session of their task, or of twins that
            are not told apart.
    """

    models: Sequence[ModelResults]
    others: Sequence[Path] = ()

    def __repr__(self) -> str:
        others = f" and {len(self.others)} others" if self.others else ""
        return f"<ResultsFolder {list(self.models)}{others}>"

    @property
    def real(self) -> list[ModelResults]:
        """Results on real recordings."""
        return [each for each in self.models if each.twin is None]

    @property
    def twins(self) -> list[ModelResults]:
        """Results on twins."""
        return [each for each in self.models if each.twin is not None]


_Group = tuple[str, str, str | None]
"""Task, model and twin."""


@dataclass
class _Collected:
    """Results found so far, by task, model and twin."""

    lists: dict[_Group, dict[str, Results]] = field(default_factory=dict)
    own: dict[_Group, dict[str, Quantity]] = field(default_factory=dict)
    remarks: dict[_Group, dict[str, None]] = field(default_factory=dict)
    blocks: dict[_Group, dict[str, BlockErrors]] = field(default_factory=dict)
    summaries: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)


def read_results(path: Path, *, any_recording: bool = False) -> ResultsFolder:
    """Read a folder of results, or a single file of it.

    Args:
        path: the folder or file.
        any_recording: let recordings that are no session of their task stand by their own names
            beside its sessions, as they may where decoders are compared and no mean is shown.

    Raises:
        ResultsError: there is nothing of the format, or a file is damaged or contradicts another.
    """
    if not path.exists():
        raise ResultsError(f"There are no results at {path}; check the path.")
    collected = _Collected()
    for file in results_files(path):
        _collect(file, collected, any_recording=any_recording)
    models = [
        replace(
            _model_results(group, path, sessions),
            own=collected.own[group],
            remarks=tuple(collected.remarks[group]),
            blocks=collected.blocks[group],
        )
        for group, sessions in sorted(collected.lists.items(), key=lambda item: str(item[0]))
    ]
    models += _from_summaries(path, collected)
    if not models and not collected.others:
        raise ResultsError(
            f"{path} holds no results in challenge format (results_<model>_<session>.json); "
            "write them with `nbsuite benchmark`."
        )
    return ResultsFolder(models, collected.others)


def _collect(file: Path, collected: _Collected, *, any_recording: bool) -> None:
    from nbsuite.submissions.results.block_errors import block_errors_of

    if model_of_summary(file) is not None:
        collected.summaries.append(file)
        return
    results, provenance = read_lists(file), read_provenance(file)
    twin_told = is_twin(file, provenance)
    results |= further_lists(provenance, len(results[METRICS[0]]))
    task = task_of(provenance)
    model, recording = model_and_recording(file, provenance) or ("", "")
    label, twin = recording, None
    if task == CHALLENGE_TASK:
        label, twin = _session_and_twin(recording, provenance, twin=twin_told)
        if any_recording and not label:
            label, twin = recording, (twin or UNNAMED_TWIN) if twin_told else None
    if not label:
        collected.others.append(file)
        return
    group = (task, _current_name(model), twin)
    sessions = collected.lists.setdefault(group, {})
    if label in sessions:
        raise ResultsError(
            f"{file} holds results that another file of the folder holds under another name; "
            "remove one of them."
        )
    sessions[label] = results
    found = block_errors_of(file, provenance, results[R2.key])
    collected.blocks.setdefault(group, {}).update({} if found is None else {label: found})
    collected.own.setdefault(group, {}).update(own_quantities(provenance))
    collected.remarks.setdefault(group, {}).update(dict.fromkeys(processing_remarks(provenance)))


def _session_and_twin(
    recording: str, provenance: Mapping[str, object], *, twin: bool
) -> tuple[str, str | None]:
    """The challenge's session that results are on, by its short name, and which twin of it.

    The name of the recording tells both, but that of a twin may be any: then its label does.

    Returns:
        An empty name where it is none of the sessions.
    """
    name, _, variant = recording.partition("-")
    label = _LABELS.get(name, "")
    if not twin:
        return ("", None) if variant else (label, None)
    info = None if label else twin_of(provenance)
    if info is None:
        return label, variant or UNNAMED_TWIN
    return _LABELS.get(info.session, ""), info.variant


def _current_name(model: str) -> str:
    return EARLIER_NAMES.get(model, model)


def _model_results(group: _Group, path: Path, sessions: Mapping[str, Results]) -> ModelResults:
    """The results of a group: its sessions in the task's order, and others in that of names."""
    task, model, twin = group
    labels = [session.label for session in sessions_of(task)] or sorted(sessions)
    others = sorted(set(sessions).difference(labels))
    ordered = {label: sessions[label] for label in [*labels, *others] if label in sessions}
    return ModelResults(model, twin, path, ordered, task=task, reported=tuple(labels))


def _from_summaries(path: Path, collected: _Collected) -> list[ModelResults]:
    """Models of which there are summaries alone; the other summaries are checked.

    Raises:
        ResultsError: a summary is damaged, or not that of the lists beside it.
    """
    groups = {
        summary_path(path, model, twin=False, task=task): (task, model, twin)
        for task, model, twin in collected.lists
        if task != CHALLENGE_TASK
    }
    found = []
    for file in collected.summaries:
        model, of_twins = model_of_summary(file) or ("", False)
        twin = UNNAMED_TWIN if of_twins else None
        group = groups.get(file, (CHALLENGE_TASK, _current_name(model), twin))
        summary = read_json(file, "summary")
        lists = collected.lists.get(group)
        sessions = {
            _LABELS[name]: {metric: [means[metric]] for metric in METRICS}
            for name, means in summary.items()
            if name in _LABELS
        }
        if lists is not None:
            _check_summary(summary, lists, file)
        elif sessions and twin is None:
            found.append(replace(_model_results(group, path, sessions), averaged=True))
        elif not any(each[:2] == group[:2] and each[2] for each in collected.lists):
            collected.others.append(file)
    return found


def _check_summary(
    summary: Mapping[str, Mapping[str, float]], lists: Mapping[str, Results], file: Path
) -> None:
    """Hold the summary's sessions against the lists beside it.

    Its average is held against theirs where it is over the same sessions.
    """
    names = {label: name for name, label in _LABELS.items()}
    due_means = summarise({names.get(label, label): lists[label] for label in lists})
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
