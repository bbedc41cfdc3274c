"""Verification of a submission package: its results, measured again."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nbsuite.benchmarking.session import measure_checkpoint
from nbsuite.data.recording import Recording
from nbsuite.data.sessions import Session
from nbsuite.data.twins.generate import ensure_twin
from nbsuite.errors import DataError, PackageError
from nbsuite.models.checkpoint import load_checkpoint
from nbsuite.submissions.package.contents import SessionResults
from nbsuite.submissions.package.evaluate_script import agrees
from nbsuite.submissions.package.layout import SCRIPT, SOURCE
from nbsuite.submissions.package.own_code import load_own
from nbsuite.submissions.package.validation import Validation
from nbsuite.submissions.results.challenge import METRICS
from nbsuite.tasks.locate import locate
from nbsuite.tasks.opening import load_recording
from nbsuite.twin_info import GENERATOR_VERSION

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Figure:
    """One figure of a package, and as it was measured now.

    Attributes:
        session: the session's id.
        seed: the checkpoint's seed.
        metric: name of the metric in challenge format.
        packed: as the package has it.
        measured: as it was measured.
    """

    session: str
    seed: int
    metric: str
    packed: float
    measured: float

    @property
    def agrees(self) -> bool:
        """Equal; a mean of fractions within 1e-12, R2 within 1e-6."""
        return agrees(self.metric, self.measured, self.packed)


def select_sessions(validation: Validation, sessions: Sequence[Session]) -> list[SessionResults]:
    """The package's results on the sessions asked for; all if none are named.

    Raises:
        PackageError: the package has no results on one of them.
    """
    there = {each.session: each for each in validation.contents.sessions}
    for session in sessions:
        if session not in there:
            raise PackageError(
                f"The package has no results on {session.label}; name one of "
                f"{', '.join(each.label for each in there)}."
            )
    return [there[session] for session in sessions or there]


def find_recording(each: SessionResults, data_dir: Path, progress: Progress) -> Recording:
    """Load the recording that results were measured on; a twin is generated anew if need be.

    Raises:
        DataError: the recording is not there, or another file than the one measured on.
        PackageError: the twin is of another version of the generator.
    """
    data = each.runs[0]["data"]
    if not each.twin:
        path = locate(each.session.name, data_dir, "real").path
        recording = load_recording(path, session=each.session)
        if recording.digest != data["sha256"]:
            raise DataError(
                f"{path} is not the file that the package's results on {each.session.label} were "
                "measured on; fetch it again, or ask the team for theirs."
            )
        return recording
    twin = data["twin"]
    if twin["generator"] != GENERATOR_VERSION:
        raise PackageError(
            f"The results on {each.session.label} are on a twin of generator "
            f"{twin['generator']}, where this nbsuite has {GENERATOR_VERSION}; "
            "have it packed again."
        )
    path = ensure_twin(
        each.session,
        data_dir,
        fraction=twin["fraction"],
        seed=twin["seed"],
        progress=progress,
    )
    return load_recording(path, session=each.session)


def require_permission(validation: Validation, *, run_code: bool) -> None:
    """Make sure that code of the team's is run by nobody who has not asked for it.

    Raises:
        PackageError: it would be.
    """
    if validation.contents.has_own_code and not run_code:
        raise PackageError(
            f"The package's decoder is made by {SOURCE}, code of the team's own, which is not run"
            " unasked: unpack the package, read it, and verify with --run-code."
        )


def measure_again(
    validation: Validation, each: SessionResults, recording: Recording
) -> Iterator[Figure]:
    """Measure the checkpoints of one session with nbsuite's own benchmark.

    A decoder of the team's own is made by the package's code, which :func:`require_permission` is
    to be asked about before.

    Raises:
        BenchmarkError: a metric failed or is not exact.
        DecoderError: the package's code does not make the decoder.
    """
    names = each.checkpoints(validation.contents.submission.model)
    for index, (name, seed) in enumerate(zip(names, each.seeds, strict=True)):
        run = each.runs[index]["checkpoint"]
        if validation.contents.has_own_code:
            checkpoint = load_own(validation.folder, name, run["model"]["factory"])
        else:
            checkpoint = load_checkpoint(validation.folder / name)
        result, _ = measure_checkpoint(checkpoint, recording)
        for metric in METRICS:
            yield Figure(
                each.session.label,
                seed,
                metric,
                each.results[metric][index],
                result.values[metric],
            )


def run_script(
    validation: Validation, chosen: Sequence[SessionResults], recordings: Sequence[Recording]
) -> bool:
    """Run the package's evaluate.py in a process of its own; True if it agrees.

    Raises:
        PackageError: the script is not the one that this nbsuite packs, so it is not run.
    """
    if validation.contents.runner != SCRIPT:
        way = "with --run-code" if validation.contents.has_own_code else "without --run-script"
        raise PackageError(
            f"The package holds no {SCRIPT}, which does not know its decoder; verify {way}."
        )
    if not validation.own_script:
        raise PackageError(
            f"{SCRIPT} is not the one that this nbsuite packs, so it is not run; verify without "
            "--run-script, or read it and run it yourself."
        )
    [folder] = {str(recording.path.parent.resolve()) for recording in recordings}
    sessions = [part for each in chosen for part in ("--session", each.session.name)]
    # Isolated from the caller's environment and from the current folder.
    command = [sys.executable, "-I", SCRIPT, "--data", folder, *sessions]
    return subprocess.run(command, cwd=validation.folder, check=False).returncode == 0  # noqa: S603
