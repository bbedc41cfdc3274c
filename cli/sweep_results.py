"""The last tasks of a study: benchmarks of its decoders, and tables of what they come to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbsuite.benchmark.results import BenchmarkResult
from nbsuite.benchmark.session import RunSettings
from nbsuite.cli.benchmark_jobs import Job, run_jobs
from nbsuite.data.locate import Location
from nbsuite.data.recording import load_recording
from nbsuite.errors import ResultsError
from nbsuite.files import atomic_write, digest
from nbsuite.models.checkpoint import load_checkpoint
from nbsuite.submissions import challenge
from nbsuite.submissions.formats import RENDERERS, Table
from nbsuite.submissions.results_folder import read_results
from nbsuite.submissions.tables import accuracy_table, demand_table
from nbsuite.training.compute import limited_threads

MADE_OF_NAME = "made_of.json"


@dataclass(frozen=True)
class BenchmarkWork:
    """A decoder measured as ``nbsuite benchmark`` does it.

    Attributes:
        checkpoint: the decoder.
        location: the recording.
        results: the results file that is written.
        threads: threads to compute with.
    """

    checkpoint: Path
    location: Location
    results: Path
    threads: int

    def __call__(self) -> None:
        """Measure it, and write challenge-format results of the one seed."""
        self.results.unlink(missing_ok=True)  # where it is, what lies beside it is whole
        recording = load_recording(self.location.path, session=self.location.session)
        job = Job(load_checkpoint(self.checkpoint), recording)
        with limited_threads(self.threads):
            run_jobs([job], RunSettings(), self.results.parent, force=True, quiet=True)

    def is_finished(self) -> bool:
        """Whether the results are those of the weights that are there."""
        if not self.results.is_file() or not self.checkpoint.is_file():
            return False
        measured = read_result(self.results).provenance["checkpoint"]["weights_sha256"]
        return bool(measured == load_checkpoint(self.checkpoint).digest)


@dataclass(frozen=True)
class TablesWork:
    """Results of all seeds in one folder, with the publication's tables.

    Attributes:
        benchmarks: the results files, one a decoder; those that are not there are left out.
        folder: where the results go; other results there are removed.
    """

    benchmarks: tuple[Path, ...]
    folder: Path

    def __call__(self) -> None:
        """Put the seeds together, and write the tables."""
        made_of = digests(self.benchmarks)
        groups: dict[tuple[str, str], list[BenchmarkResult]] = {}
        for path in filter(Path.is_file, self.benchmarks):
            result = read_result(path)
            groups.setdefault((result.model, result.recording), []).append(result)
        for path in (*self.folder.glob("results_*.json"), *self.folder.glob("table*.md")):
            path.unlink()
        for results in groups.values():
            challenge.write_results(self.folder, results)
        for model, twin in sorted({(each[0].model, each[0].twin) for each in groups.values()}):
            challenge.write_summary(self.folder, model, twin=twin)
        for name, table in publication_tables(self.folder).items():
            write_text(self.folder / f"{name}.md", RENDERERS["markdown"](table))
        write_text(self.folder / MADE_OF_NAME, json.dumps(made_of, indent=1))

    def is_finished(self) -> bool:
        """Whether the results that are there are those in the tables."""
        return is_made_of(self.folder / MADE_OF_NAME, digests(self.benchmarks))


def read_result(path: Path) -> BenchmarkResult:
    """The one result in a results file, out of the provenance beside it.

    Raises:
        ResultsError: the provenance is missing or damaged.
    """
    beside = challenge.provenance_path(path)
    try:
        (run,) = json.loads(beside.read_text(encoding="utf-8"))["runs"]
        model = run["checkpoint"]["model"]["name"]
        return BenchmarkResult(
            model=model,
            recording=path.stem.removeprefix(f"results_{model}_"),
            twin=run["data"]["twin"] is not None,
            seed=run["checkpoint"]["seed"],
            values=run["metrics"],
            provenance=run,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResultsError(
            f"{beside} does not tell of one run ({error}): delete {path} to measure it again."
        ) from error


def publication_tables(folder: Path) -> dict[str, Table]:
    """The publication's tables of a folder of results, by name: ``table1``, ``table1-twins``, ...

    Raises:
        ResultsError: the folder holds no results, or damaged ones.
    """
    found = read_results(folder)
    return {
        f"{name}{suffix}": table(models)
        for suffix, models in (("", found.real), ("-twins", found.twins))
        if models
        for name, table in (("table1", accuracy_table), ("table2", demand_table))
    }


def digests(paths: Sequence[Path]) -> dict[str, str]:
    """SHA-256 of the files that are there, by the names of their folders."""
    return {path.parent.name: digest(path) for path in paths if path.is_file()}


def is_made_of(path: Path, made_of: Mapping[str, str]) -> bool:
    """Whether a JSON file that tells what was made of what tells just this."""
    try:
        told: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(told == made_of)


def write_text(path: Path, text: str) -> None:
    """Write a text, whole or not at all.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    with atomic_write(path) as temporary:
        temporary.write_text(text if text.endswith("\n") else f"{text}\n", encoding="utf-8")
