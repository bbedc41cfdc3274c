"""Finding what goes into a package: results and the checkpoints that they name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbsuite.errors import CheckpointError, PackageError
from nbsuite.models.checkpoint import StoredWeights, read_stored
from nbsuite.submissions.package.json import read_json
from nbsuite.submissions.results.challenge import provenance_path
from nbsuite.submissions.results.names import PROVENANCE_SUFFIX, model_and_recording
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING
from nbsuite.twin_info import TWIN_MARK

_SESSIONS = frozenset(session.name for session in PRIMATE_REACHING.sessions)


@dataclass(frozen=True)
class FoundResults:
    """A results file and what is said of it.

    Attributes:
        path: the results file; its provenance lies beside it.
        provenance: the content of the provenance.
    """

    path: Path
    provenance: dict[str, Any]

    @property
    def runs(self) -> frozenset[tuple[Any, ...]]:
        """What tells the runs apart: seed, weights and data."""
        return frozenset(
            (run["checkpoint"]["seed"], run["checkpoint"]["weights_sha256"], run["data"]["sha256"])
            for run in self.provenance["runs"]
        )


@dataclass(frozen=True)
class Found:
    """The results that make a submission.

    Attributes:
        results: the results, each on another recording.
        foreign: files that begin as the model's results do, but are none of the challenge.
    """

    results: Sequence[FoundResults]
    foreign: Sequence[Path]


def find_results(paths: Sequence[Path], model: str, *, allow_twins: bool) -> Found:
    """The results of a model in files and folders: those on real recordings if there are any.

    Results whose runs are all among those of others of the same name add nothing to them: a study
    keeps those of every seed beside those of all seeds.

    Args:
        paths: files, and folders that are searched to the bottom.
        model: the model's name.
        allow_twins: take results on twins where there are no others.

    Raises:
        PackageError: there are none, there are different ones of one name, or one is damaged or
            without provenance.
    """
    real: dict[str, list[Path]] = {}
    twins: dict[str, list[Path]] = {}
    foreign = []
    for path in _files(paths, f"results_{model}_", ".json"):
        if path.name.endswith(PROVENANCE_SUFFIX):
            continue
        of, recording = model_and_recording(path) or ("", "")
        session, mark, _ = recording.partition(TWIN_MARK)
        if of != model or session not in _SESSIONS:
            foreign.append(path)
        else:
            (twins if mark else real).setdefault(path.name, []).append(path)
    chosen = real or (twins if allow_twins else {})
    if not chosen:
        raise PackageError(_nothing(paths, model, twins=bool(twins)))
    return Found([_fullest([_read(path) for path in same]) for same in chosen.values()], foreign)


def _read(path: Path) -> FoundResults:
    beside = provenance_path(path)
    if not beside.is_file():
        raise PackageError(
            f"{path} has no provenance beside it, which a package needs; "
            "measure it with `nbsuite benchmark`."
        )
    read_json(path, str(path), "results")  # before it is copied: it could be of any size
    return FoundResults(path, read_json(beside, str(beside), "provenance"))


def _fullest(same: Sequence[FoundResults]) -> FoundResults:
    """Of results of the same name those that hold all others.

    Raises:
        PackageError: there are none.
    """
    fullest = max(same, key=lambda each: len(each.runs))
    for each in same:
        if not each.runs <= fullest.runs:
            raise PackageError(
                f"{each.path} and {fullest.path} are results of the same name, but not of the same"
                " runs; name the folder of one of them only."
            )
    return fullest


def _nothing(paths: Sequence[Path], model: str, *, twins: bool) -> str:
    where = " and ".join(map(str, paths))
    if twins:
        return (
            f"{where}: all results of {model} there are on session twins, which never count as a "
            "submission; measure on the real recordings, or try the procedure with --allow-twins."
        )
    return (
        f"{where}: there are no results of {model} (results_{model}_<session>.json); "
        "name the folder that `nbsuite benchmark` wrote, or correct 'model' in submission.toml."
    )


class CheckpointFinder:
    """Finds checkpoints by the digest of their weights.

    Args:
        paths: files, and folders that are searched to the bottom.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._places = paths
        self._files: dict[str, list[Path]] = {}
        for path in _files(paths, "", ".safetensors"):
            self._files.setdefault(path.name, []).append(path)
        self._loaded: dict[Path, StoredWeights] = {}

    def find(self, run: dict[str, Any]) -> StoredWeights:
        """The checkpoint that a run's provenance names.

        Raises:
            PackageError: it is in none of the places given.
        """
        name, digest = run["checkpoint"].get("file"), run["checkpoint"]["weights_sha256"]
        for path in self._by_likelihood(name):
            checkpoint = self._load(path)
            if checkpoint is not None and checkpoint.digest == digest:
                return checkpoint
        raise PackageError(
            f"The checkpoint {name} (weights {digest[:12]}..) that results were measured with is "
            f"not in {' or '.join(map(str, self._places))}; name its folder too."
        )

    def _by_likelihood(self, name: str) -> Iterator[Path]:
        """Files of the name that the provenance gives first: they may have been renamed since."""
        yield from self._files.get(name, [])
        for other, paths in self._files.items():
            if other != name:
                yield from paths

    def _load(self, path: Path) -> StoredWeights | None:
        if path not in self._loaded:
            try:
                self._loaded[path] = read_stored(path)
            except CheckpointError:
                return None  # runs keep files of other kinds under this suffix
        return self._loaded[path]


def _files(paths: Sequence[Path], prefix: str, suffix: str) -> Iterator[Path]:
    """Files of a name's beginning and end, each once, in the order of their paths.

    Raises:
        PackageError: a path does not exist.
    """
    seen = set()
    for path in paths:
        if not path.exists():
            raise PackageError(f"There is nothing at {path}; check the path.")
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.name.startswith(prefix) and file.suffix == suffix and file.is_file():
                real = os.path.realpath(file)
                if real not in seen:
                    seen.add(real)
                    yield file
