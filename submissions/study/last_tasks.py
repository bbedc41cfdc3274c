"""The last tasks of a study: benchmarks of its decoders, and tables of what they come to."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from nbsuite.benchmarking.jobs import Job
from nbsuite.benchmarking.results import BenchmarkResult
from nbsuite.benchmarking.session import AS_USUAL, RunSettings
from nbsuite.errors import ResultsError
from nbsuite.files import atomic_write, digest
from nbsuite.models.checkpoint import Checkpoint, digest_in, load_checkpoint
from nbsuite.submissions.results import challenge, summaries
from nbsuite.submissions.results.folder import read_results
from nbsuite.submissions.results.formats import RENDERERS, Table, chained
from nbsuite.submissions.results.measuring import run_jobs
from nbsuite.submissions.results.model_results import by_task
from nbsuite.submissions.results.recorded import recorded_results
from nbsuite.submissions.tables.published_tables import accuracy_table, demand_table
from nbsuite.sweep.own_code import require_unchanged
from nbsuite.tasks.locate import Location
from nbsuite.tasks.opening import load_recording
from nbsuite.training.compute import limited_threads
from nbsuite.training.stage_task import make_decoder
from nbsuite.twin_info import TWIN_MARK
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.json_text import read_json_file

MADE_OF_NAME = "made_of.json"
_LARGEST_MADE_OF = 64 << 20


@dataclass(frozen=True)
class BenchmarkWork:
    """A decoder measured as ``nbsuite benchmark`` does it.

    Attributes:
        checkpoint: the decoder.
        location: the recording.
        results: the results file that is written.
        threads: threads to compute with.
        settings: how it is measured.
        factory: what makes the decoder, where its code is a user's.
    """

    checkpoint: Path
    location: Location
    results: Path
    threads: int
    settings: RunSettings = AS_USUAL
    factory: str | None = None

    def __call__(self) -> None:
        """Measure it, and write challenge-format results of the one seed."""
        self.results.unlink(missing_ok=True)  # where it is, what lies beside it is whole
        recording = load_recording(self.location.path, session=self.location.session)
        job = Job(self._load(), recording)
        with limited_threads(self.threads):
            run_jobs([job], self.settings, self.results.parent, force=True)

    def is_finished(self) -> bool:
        """Whether the results are those of the weights that are there."""
        if not self.results.is_file() or not self.checkpoint.is_file():
            return False
        measured = read_result(self.results).provenance["checkpoint"]["weights_sha256"]
        return bool(measured == digest_in(self.checkpoint))

    def _load(self) -> Checkpoint:
        """The decoder.

        Raises:
            CheckpointError, DecoderError: it is missing or damaged, or its code has changed.
        """
        if self.factory is None:
            return load_checkpoint(self.checkpoint)
        checkpoint = load_checkpoint(self.checkpoint, partial(make_decoder, factory=self.factory))
        require_unchanged(self.factory, checkpoint.header.spec)
        return checkpoint


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
        """Put the seeds together, and write the tables.

        The results come first: they are there, whatever becomes of the tables.

        Raises:
            NbsuiteError: something cannot be written; all else is.
            OSError: the folder cannot be written, or the disk is full.
        """
        made_of = digests(self.benchmarks)
        faults: list[Exception] = []
        written: dict[Path, BenchmarkResult] = {}
        for results in self._by_decoder().values():
            with _kept(faults):
                written[challenge.write_results(self.folder, results)] = results[0]
        self._remove_others(written)
        for model, twin, task in sorted(
            {(each.model, TWIN_MARK in each.recording, each.task) for each in written.values()}
        ):
            with _kept(faults):
                summaries.write_summary(self.folder, model, twin=twin, task=task)
        with _kept(faults):
            self._write_tables()
        if faults:
            raise faults[0]
        write_text(self.folder / MADE_OF_NAME, json.dumps(made_of, indent=1))

    def _write_tables(self) -> None:
        for name, table in publication_tables(self.folder).items():
            write_text(self.folder / f"{name}.md", RENDERERS["markdown"](table))

    def _by_decoder(self) -> dict[tuple[str, str], list[BenchmarkResult]]:
        """The results of all seeds by model and recording."""
        groups: dict[tuple[str, str], list[BenchmarkResult]] = {}
        for path in filter(Path.is_file, self.benchmarks):
            result = read_result(path)
            groups.setdefault((result.model, result.recording), []).append(result)
        return groups

    def _remove_others(self, written: Collection[Path]) -> None:
        """Remove results and tables of an earlier study of this name."""
        kept = {*written, *map(challenge.provenance_path, written)}
        for path in (*self.folder.glob("results_*.json"), *self.folder.glob("table*.md")):
            if path not in kept:
                path.unlink()

    def is_finished(self) -> bool:
        """Whether the results that are there are those in the tables."""
        return is_made_of(self.folder / MADE_OF_NAME, digests(self.benchmarks))


@contextmanager
def _kept(faults: list[Exception]) -> Iterator[None]:
    """Keep what goes wrong for later, be it a mistake of ours: the rest is done first."""
    try:
        yield
    except OSError:
        raise  # nothing can be written any more
    except Exception as error:
        faults.append(error)


def read_result(path: Path) -> BenchmarkResult:
    """The one result in a results file, out of the provenance beside it.

    Raises:
        ResultsError: the provenance is missing or damaged, or tells of several runs.
    """
    found = recorded_results(path)
    if len(found) != 1:
        raise ResultsError(
            f"{path}: the provenance beside it tells of {len(found)} runs, where there is one;"
            " delete both to measure again."
        )
    return found[0]


def publication_tables(folder: Path) -> dict[str, Table]:
    """The publication's tables of a folder of results, by name: ``table1``, ``table1-twins``, ...

    Results under several tasks have tables one below the other.

    Raises:
        ResultsError: the folder holds no results, or damaged ones.
    """
    found = read_results(folder)
    return {
        f"{name}{suffix}": chained([table(models) for models in by_task(of_kind).values()])
        for suffix, of_kind in (("", found.real), ("-twins", found.twins))
        if of_kind
        for name, table in (("table1", accuracy_table), ("table2", demand_table))
    }


def digests(paths: Sequence[Path]) -> dict[str, str]:
    """SHA-256 of the files that are there, by the names of their folders."""
    return {path.parent.name: digest(path) for path in paths if path.is_file()}


def is_made_of(path: Path, made_of: Mapping[str, str]) -> bool:
    """Whether a JSON file that tells what was made of what tells just this."""
    try:
        return bool(read_json_file(path, _LARGEST_MADE_OF) == made_of)
    except (OSError, FormatFault):
        return False


def write_text(path: Path, text: str) -> None:
    """Write a text, whole or not at all.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    with atomic_write(path) as temporary:
        temporary.write_text(text if text.endswith("\n") else f"{text}\n", encoding="utf-8")
