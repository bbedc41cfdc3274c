"""Published results against measured ones: does what was published come out again?

The published lists of a session are in the order of a folder, not of the seeds. So values are
compared as multisets: each measured one needs a published one of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from nbsuite.benchmarking.jobs import Job
from nbsuite.benchmarking.quantities import CHALLENGE, QUANTITIES
from nbsuite.benchmarking.results import BenchmarkResult
from nbsuite.benchmarking.tolerance import Tolerance
from nbsuite.conversions.stork import read_stork
from nbsuite.errors import ResultsError
from nbsuite.models.checkpoint import load_checkpoint, save_checkpoint, weights_digest
from nbsuite.observer import Observer, ignore
from nbsuite.submissions.results.challenge import METRICS, check_distinct_weights, check_seeds
from nbsuite.submissions.results.formats import Cell, Column, Table, text_cell
from nbsuite.submissions.results.published import published_runs, runs_source
from nbsuite.tasks.locate import Source
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING
from nbsuite.tasks.targets import load_target

TOLERANCES: Mapping[str, Tolerance] = {
    "connection_sparsity": Tolerance(1e-9),
    "activation_sparsity": Tolerance(0.0001),
    "acs": Tolerance(0.002, relative=True),
    "r2": Tolerance(0.002),
}
"""How far a measured value may lie from its published one; not at all where none is named.

Sparsity of connections is a quotient of integers. What depends on spikes may differ a little, since
the publication's GPU summed in another order, in half precision.
"""

_STATIC = tuple(quantity.key for quantity in CHALLENGE if quantity.static)
_LABELS = {session.name: session.label for session in PRIMATE_REACHING.sessions}


class Verdict(Enum):
    """What became of a published figure."""

    MATCHES = "matches"
    DIFFERS = "DIFFERS"
    TWIN = "not compared: TWIN"


@dataclass(frozen=True)
class Row:
    """A metric of a model on a session, published and measured.

    Attributes:
        model: the model.
        session: the session's id.
        metric: the metric.
        published: the published values, one a seed.
        measured: the measured values, one a checkpoint.
        verdict: whether each measured value is one of the published.
    """

    model: str
    session: str
    metric: str
    published: Sequence[float]
    measured: Sequence[float]
    verdict: Verdict


def convert_found(folder: Path, destination: Path) -> tuple[dict[str, list[Path]], list[Path]]:
    """Convert all stork checkpoints in a folder and those below it.

    Args:
        folder: where to look for ``.pth`` files, laid out as published: ``indy01/tinyRSNN-1.pth``.
        destination: the folder to write to.

    Returns:
        Session name to converted checkpoints; and the files left out, whose path tells no session.

    Raises:
        ResultsError: there is none whose path tells a session.
        ConversionError: a file is no checkpoint of stork's.
        UsageError: two are of the same model, session and seed, or hold the same weights.
        OSError: the destination cannot be written, or the disk is full.
    """
    read = [(path, *read_stork(path)) for path in sorted(folder.rglob("*.pth"))]
    chosen = [each for each in read if each[2].session in _LABELS]
    if not chosen:
        raise ResultsError(
            f"{folder} holds no stork checkpoint laid out as published (indy01/tinyRSNN-1.pth); "
            "name the folder that holds indy01 to loco03."
        )
    runs: dict[str, list[tuple[int | None, str]]] = {}
    for _, decoder, header in chosen:
        run = (header.seed, weights_digest(decoder))
        runs.setdefault(f"{header.spec.name} on {header.session}", []).append(run)
    for what, each in runs.items():
        check_seeds([seed for seed, _ in each], what)
        check_distinct_weights(each, what)
    converted: dict[str, list[Path]] = {name: [] for name in _LABELS}
    for path, decoder, header in chosen:
        session = header.session or ""
        target = destination / f"{header.spec.name}_{session}_{path.stem}.safetensors"
        save_checkpoint(target, decoder, header)
        converted[session].append(target)
    return (
        {name: paths for name, paths in converted.items() if paths},
        [path for path, _, header in read if header.session not in _LABELS],
    )


def plan_converted(
    converted: Mapping[str, Sequence[Path]],
    data_dir: Path,
    data: Source = "auto",
    observer: Observer = ignore,
) -> list[Job]:
    """What is to be measured to reproduce published figures: a session's decoders together.

    Args:
        converted: session name to converted checkpoints.
        data_dir: the folder of recordings.
        data: real recordings or twins.
        observer: told of progress and of which data is used.

    Raises:
        CheckpointError, DataError: a file cannot be used.
    """
    jobs = []
    for session, paths in converted.items():
        recording = load_target(_LABELS[session], data_dir, data, observer)
        jobs += [Job(load_checkpoint(path), recording) for path in paths]
    return jobs


def compare_with_published(results: Sequence[BenchmarkResult]) -> list[Row]:
    """Hold measured results against the published ones of the same model and session.

    What depends on the recording is not compared where it was measured on a twin.
    """
    groups: dict[tuple[str, str], list[BenchmarkResult]] = {}
    for result in results:
        label = _LABELS[result.recording.partition("-")[0]]
        groups.setdefault((result.model, label), []).append(result)
    return [row for key in sorted(groups, key=_order) for row in _rows(*key, groups[key])]


def _order(key: tuple[str, str]) -> tuple[int, str]:
    model, session = key
    return list(published_runs()).index(model), session


def _rows(model: str, session: str, results: Sequence[BenchmarkResult]) -> Iterator[Row]:
    published = published_runs()[model][session]
    for metric in METRICS:
        measured = [float(result.values[metric]) for result in results]
        verdict = Verdict.TWIN
        if metric in _STATIC or not any(result.twin for result in results):
            tolerance = TOLERANCES.get(metric, Tolerance(0.0))
            found = contains(published[metric], measured, tolerance)
            verdict = Verdict.MATCHES if found else Verdict.DIFFERS
        yield Row(model, session, metric, published[metric], measured, verdict)


def contains(published: Sequence[float], measured: Sequence[float], tolerance: Tolerance) -> bool:
    """Whether each measured value has a published one of its own within ``tolerance``."""
    left = sorted(published)
    for value in sorted(measured):
        # In order of size: later values can spare the smallest that is near enough to this one.
        near = next((e for e in left if abs(e - value) <= tolerance.allowance(e)), None)
        if near is None:
            return False
        left.remove(near)
    return True


def holds(rows: Sequence[Row]) -> bool:
    """Whether something could be compared, and all of it matches."""
    verdicts = {row.verdict for row in rows}
    return Verdict.MATCHES in verdicts and Verdict.DIFFERS not in verdicts


def reproduction_table(rows: Sequence[Row]) -> Table:
    """The comparison as a table, and below it how many rows hold."""
    columns = [
        Column("model", "Model", figures=False),
        Column("session", "Session", figures=False),
        Column("metric", "Metric", figures=False),
        Column("published", "Published (seeds)"),
        Column("measured", "Measured (checkpoints)"),
        Column("verdict", "Verdict", figures=False),
    ]
    cells = [
        [
            text_cell(row.model),
            text_cell(row.session),
            text_cell(row.metric),
            _values(row.metric, row.published),
            _values(row.metric, row.measured),
            text_cell(row.verdict.value),
        ]
        for row in rows
    ]
    return Table(
        "Published and measured results", columns, cells, [summary(rows), _source()], naming=3
    )


def summary(rows: Sequence[Row]) -> str:
    """The overall verdict in a sentence."""
    counts = Counter(row.verdict for row in rows)
    compared = counts[Verdict.MATCHES] + counts[Verdict.DIFFERS]
    parts = [f"{counts[Verdict.MATCHES]} of {compared} rows compared match"]
    if counts[Verdict.TWIN]:
        parts.append(
            f"{counts[Verdict.TWIN]} were measured on TWINS and cannot be compared: fetch the "
            "real recordings with --fetch"
        )
    return f"{'REPRODUCED' if holds(rows) else 'NOT REPRODUCED'}: {'; '.join(parts)}."


def _source() -> str:
    return (
        f"Published: {runs_source()}. Static metrics ({', '.join(_STATIC)}) do not need recordings."
    )


def _values(metric: str, values: Sequence[float]) -> Cell:
    """Equal values once, with their number."""
    texts = Counter(_text(metric, value) for value in sorted(values))
    shown = [text if count == 1 else f"{text} x{count}" for text, count in texts.items()]
    return Cell(", ".join(shown), {str(number): value for number, value in enumerate(values)})


def _text(metric: str, value: float) -> str:
    """A figure for comparing: of a number below 1 no digit less than any metric has in tables."""
    quantity = QUANTITIES[metric]
    return quantity.text(value) if quantity.digits is None else f"{value:.4f}"
