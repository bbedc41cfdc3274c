"""What an unpacked submission holds, each file read and checked by itself."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbsuite.data.sessions import Session
from nbsuite.errors import PackageError
from nbsuite.models.module_spec import ModuleSpec
from nbsuite.models.training_data import TrainingData
from nbsuite.protocol import EARLIEST_PROTOCOL
from nbsuite.submissions.package.json import read_json
from nbsuite.submissions.package.layout import (
    FIXED,
    RESULTS,
    SCRIPT,
    SOURCE,
    SUBMISSION,
    checkpoint_name,
)
from nbsuite.submissions.package.submission import Submission, read_submission
from nbsuite.submissions.results.challenge import Results, results_path
from nbsuite.submissions.results.names import PROVENANCE_SUFFIX
from nbsuite.submissions.results.summaries import summary_path
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING
from nbsuite.twin_info import TWIN_MARK

_SESSIONS = {session.name: session for session in PRIMATE_REACHING.sessions}
_SCRIPTED = {"name", "channels", "neurons", "hidden", "readouts"}
"""What is said of a decoder that evaluate.py knows: of others, more or less is."""
_IDENTITY = ("file", "sha256", "session", "twin")


@dataclass(frozen=True)
class SessionResults:
    """Results of the submitted model on one session.

    Attributes:
        session: the session.
        recording: name of the recording's file without its suffix; a twin's says so.
        twin: whether the recording is a twin.
        results: metric to list over seeds, in challenge format.
        runs: provenance of each seed's run.
        origin: name of the provenance file, for messages.
    """

    session: Session
    recording: str
    twin: bool
    results: Results
    runs: tuple[dict[str, Any], ...]
    origin: str

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seed of each run, in the order of the lists."""
        return tuple(run["checkpoint"]["seed"] for run in self.runs)

    @property
    def trained_on_twin(self) -> bool:
        """Whether any of the decoders is known to have been trained on a twin."""
        said = [run["checkpoint"].get("trained_on") for run in self.runs]
        return any(TrainingData.from_json(each).on_twin for each in said)

    def checkpoints(self, model: str) -> list[str]:
        """Names of the runs' checkpoints in the package."""
        return [checkpoint_name(model, self.session.name, seed) for seed in self.seeds]


@dataclass(frozen=True)
class Contents:
    """A submission's texts and results.

    Attributes:
        submission: who submits what.
        sessions: results by session, in the challenge's order.
        summary: means, in challenge format.
    """

    submission: Submission
    sessions: tuple[SessionResults, ...]
    summary: dict[str, dict[str, float]]

    @property
    def twin(self) -> bool:
        """Whether the results are about twins."""
        return self.sessions[0].twin

    @property
    def trained_on_twins(self) -> list[str]:
        """Ids of the sessions whose decoders are known to have been trained on twins."""
        return [each.session.label for each in self.sessions if each.trained_on_twin]

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds, which all sessions of a valid package share."""
        return self.sessions[0].seeds

    @property
    def runner(self) -> str | None:
        """The file that runs the decoder: evaluate.py, code of the team's, or none but nbsuite."""
        models = [run["checkpoint"]["model"] for each in self.sessions for run in each.runs]
        if any(model.get("kind") == ModuleSpec.kind for model in models):
            return SOURCE
        return SCRIPT if all(model.keys() <= _SCRIPTED for model in models) else None

    @property
    def has_own_code(self) -> bool:
        """Whether the decoder is made by code of the team's."""
        return self.runner == SOURCE

    def names(self) -> set[str]:
        """All files that belong to such a submission."""
        model = self.submission.model
        found = {*FIXED, summary_name(model, twin=self.twin)} - {SCRIPT}
        if self.runner is not None:
            found.add(self.runner)
        for each in self.sessions:
            found |= {each.origin, results_name(model, each.recording)}
            found |= set(each.checkpoints(model))
        return found


def results_name(model: str, recording: str) -> str:
    """Name of a results file in the package."""
    return results_path(Path(RESULTS), model, recording).as_posix()


def summary_name(model: str, *, twin: bool) -> str:
    """Name of the summary in the package."""
    return summary_path(Path(RESULTS), model, twin=twin).as_posix()


def provenance_name(results: str) -> str:
    """Name of the provenance beside a results file."""
    return results.removesuffix(".json") + PROVENANCE_SUFFIX


def read_contents(folder: Path, names: Collection[str]) -> Contents:
    """Read an unpacked package's texts and results.

    Args:
        folder: where it was unpacked.
        names: the files in it.

    Raises:
        PackageError: a file is missing, damaged, or contradicts itself or its name.
    """
    submission = read_submission(folder / SUBMISSION, SUBMISSION)
    origins = sorted(name for name in names if name.endswith(PROVENANCE_SUFFIX))
    if not origins:
        raise PackageError(f"{RESULTS}/ holds no results with provenance.")
    if len(origins) > len(PRIMATE_REACHING.sessions):
        raise PackageError(
            f"{RESULTS}/ holds {len(origins)} files of provenance, where there are "
            f"{len(PRIMATE_REACHING.sessions)} sessions."
        )
    read = [read_session(folder, origin, submission.model) for origin in origins]
    sessions = sorted(read, key=lambda each: PRIMATE_REACHING.sessions.index(each.session))
    if len({each.twin for each in sessions}) > 1:
        raise PackageError("it mixes results on twins with results on real recordings.")
    if len({each.session for each in sessions}) < len(sessions):
        raise PackageError("it holds two results files on one session.")
    summary = summary_name(submission.model, twin=sessions[0].twin)
    contents = Contents(
        submission, tuple(sessions), read_json(_require(folder, summary), summary, "summary")
    )
    _check_names(contents.names(), set(names))
    return contents


def read_session(folder: Path, origin: str, model: str) -> SessionResults:
    """Read the results of one session and their provenance.

    Args:
        folder: where the package is unpacked, or being put together.
        origin: name of the provenance file in it.
        model: the submitted model.

    Raises:
        PackageError: a file is missing, damaged, or contradicts itself or its name.
    """
    provenance = read_json(folder / origin, origin, "provenance")
    runs, data = provenance["runs"], provenance["runs"][0]["data"]
    for said in (provenance, *runs):
        if (task := said.get("task", EARLIEST_PROTOCOL)) != PRIMATE_REACHING.protocol:
            raise PackageError(
                f"{origin} is of the task {task!a}, where a submission is of"
                f" {PRIMATE_REACHING.protocol}."
            )
    session = _SESSIONS.get(data["session"])
    if session is None:
        raise PackageError(f"{origin} is about {data['session']!a}, no challenge session.")
    twin = data["twin"] is not None
    recording = data["file"].removesuffix(".mat")
    results = results_name(model, recording)
    named_after = recording == session.name
    if twin:
        of = data["twin"]["session"]
        named_after = of == session.name and recording.startswith(f"{of}{TWIN_MARK}")
    if not named_after or origin != provenance_name(results):
        raise PackageError(
            f"{origin} says that it is about {model} on {data['file']} of {session.name}"
            f"{' (a twin)' if twin else ''}, which is not what its name says."
        )
    if provenance["results"] != Path(results).name or provenance["twin"] != twin:
        raise PackageError(f"{origin} is the provenance of other results.")
    if any(run["data"][key] != data[key] for run in runs for key in _IDENTITY):
        raise PackageError(f"{origin} has seeds that were measured on different files.")
    if any(run.get("processing") for run in runs):
        raise PackageError(
            f"{origin} is of a decoder with processors around it, which packages do not hold."
        )
    if any(run["checkpoint"]["model"]["name"] != model for run in runs):
        raise PackageError(f"{origin} has runs of another model than {model}.")
    values = read_json(_require(folder, results), results, "results")
    return SessionResults(session, recording, twin, values, tuple(runs), origin)


def _require(folder: Path, name: str) -> Path:
    """The path of a file that has to be there.

    Raises:
        PackageError: it is not.
    """
    if not (folder / name).is_file():
        raise PackageError(f"{name} is missing.")
    return folder / name


def _check_names(due: set[str], found: set[str]) -> None:
    if missing := sorted(due - found):
        raise PackageError(f"{missing[0]} is missing.")
    if unexpected := sorted(found - due):
        raise PackageError(f"{unexpected[0]} belongs to no results of the package.")
