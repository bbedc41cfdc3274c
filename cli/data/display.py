"""What the commands of ``nbsuite data`` show: progress in bytes, and a recording in figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

from nbsuite.cli.frame.output import note, print_table, progress, say
from nbsuite.tasks.known import find_session

if TYPE_CHECKING:
    from nbsuite.data.fetch.download import Progress as DownloadProgress
    from nbsuite.tasks.info import RecordingInfo


def _byte_bar(*, quiet: bool) -> AbstractContextManager[Progress]:
    """Bytes, speed and time left, on standard error; nothing off a terminal."""
    return progress(BarColumn(), DownloadColumn(), TransferSpeedColumn(), quiet=quiet)


@contextmanager
def byte_progress(label: str, total: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A bar that is told of each block's bytes."""
    with _byte_bar(quiet=quiet) as bar:
        task = bar.add_task(label, total=total)
        yield lambda count: bar.advance(task, count)


@contextmanager
def download_progress(label: str, *, quiet: bool) -> Iterator[Callable[[DownloadProgress], None]]:
    """A bar that is told where a download stands; pauses are also told in a line of their own."""
    with _byte_bar(quiet=quiet) as bar:
        task = bar.add_task(label, total=None)
        stage = ""

        def report(step: DownloadProgress) -> None:
            nonlocal stage
            if step.note:
                note(f"{label}: {step.stage}: {step.note}")
            elif step.stage != stage:  # the speed of one stage is not that of the next
                bar.reset(
                    task,
                    total=step.total,
                    completed=step.done,
                    description=f"{label} {step.stage}",
                )
            else:
                bar.update(task, completed=step.done, total=step.total)
            stage = step.stage

        yield report


def fetch_sessions(targets: Iterable[str], data_dir: Path, *, quiet: bool) -> None:
    """Fetch real recordings that are not there, with a bar for each.

    Raises:
        DownloadError: one could not be fetched.
    """
    from nbsuite.data.fetch.download import fetch

    for session in map(find_session, targets):
        with download_progress(session.label, quiet=quiet) as report:
            fetch(session, data_dir, progress=report)


@contextmanager
def stage_line(label: str, *, quiet: bool) -> Iterator[Callable[[str, float], None]]:
    """One bar for a task that reports its stage and the fraction of the whole that is done."""
    with progress(quiet=quiet) as bar:
        task = bar.add_task(label, total=1.0, visible=False)
        yield lambda stage, fraction: bar.update(
            task, description=f"{label}: {stage}", completed=fraction, visible=True
        )


def print_recording(recording: RecordingInfo) -> None:
    """Print a recording in figures, and what is wrong with it."""
    say(f"{recording.session or 'Recording'}: {recording.file}")
    if (twin := recording.twin) is not None:
        say(
            f"TWIN of {twin.session}: synthetic, fraction {twin.fraction:g}, seed {twin.seed},"
            f" generator {twin.generator}{', OLD' if twin.old else ''}"
        )
    if figures := _figures(recording):
        print_table(["", "value"], figures, right=("value",))
    if recording.splits:
        print_table(
            ["set", "steps", "seconds", "input events", "events/step"],
            [
                [
                    split.name,
                    f"{split.steps:,}",
                    f"{split.seconds:.1f}",
                    f"{split.events:,}",
                    f"{split.events / split.steps:.3f}" if split.steps else "",
                ]
                for split in recording.splits
            ],
            right=("steps", "seconds", "input events", "events/step"),
        )
    for sentence in recording.warnings:
        say(f"Warning: {sentence}")
    for sentence in recording.problems:
        say(f"Error: {sentence}")
    if not (recording.problems or recording.warnings):
        say("Nothing is wrong with it.")


def _figures(recording: RecordingInfo) -> list[tuple[str, str]]:
    """Name and value of all that could be found out."""
    figures: list[tuple[str, str | None]] = [
        ("channels", _number(recording.channels)),
        ("rows of units", _number(recording.units)),
        ("task", recording.task if recording.own else None),
        (_samples(recording), _number(recording.samples)),
        ("duration (s)", _number(recording.seconds, 1)),
        ("reaches", _number(recording.reaches)),
        ("median time between targets (s)", _number(recording.median_reach_seconds, 2)),
    ]
    figures += _own_figures(recording)
    if (velocity := recording.velocity_deviation) is not None:
        figures.append(
            ("velocity's deviation, x / y (cm/s)", " / ".join(f"{v:.2f}" for v in velocity))
        )
    if (rates := recording.rates) is not None:
        figures += [
            ("channel rate, mean (Hz)", f"{rates.mean:.2f}"),
            (
                "channel rate, quartiles (Hz)",
                f"{rates.lower_quartile:.1f} / {rates.median:.1f} / {rates.upper_quartile:.1f}",
            ),
            ("channel rate, highest (Hz)", f"{rates.maximum:.1f}"),
            ("silent channels", str(rates.silent_channels)),
        ]
    return [(name, value) for name, value in figures if value is not None]


def _samples(recording: RecordingInfo) -> str:
    step = 0.004 if recording.own is None else recording.own.step
    return f"samples of {1000 * step:g} ms"


def _own_figures(recording: RecordingInfo) -> list[tuple[str, str | None]]:
    """What is known of a recording of one's own besides."""
    if (own := recording.own) is None:
        return []
    lengths = f"{own.shortest_segment:.1f} to {own.longest_segment:.1f} s"
    deviations = [
        (f"deviation of {each.name}" + (f" ({each.unit})" if each.unit else ""), each.deviation)
        for each in own.outputs
    ]
    return [
        ("segments without gaps", f"{own.segments} of {lengths}" if own.segments > 1 else None),
        ("split by", own.origin.split_by if own.origin else None),
        ("made of", own.origin.made if own.origin else None),
        ("imported from", own.origin.file if own.origin else None),
        ("most spikes of a channel in a step", str(own.largest_count)),
        *((name, f"{value:.4g}") for name, value in deviations),
    ]


def _number(value: float | None, digits: int = 0) -> str | None:
    return None if value is None else f"{value:,.{digits}f}"
