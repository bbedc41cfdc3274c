"""What can be wrong with a recording, each fault as a finding with its remedy.

The loader raises the first grave finding; `nbsuite data info` lists them all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nbsuite.data.twin_info import TwinInfo
from nbsuite.errors import DataError
from nbsuite.sessions import PUBLIC_SESSIONS, STEP_SECONDS, Session

if TYPE_CHECKING:
    from nbsuite.data.contents import Contents
    from nbsuite.data.spike_tally import SpikeTally

MONKEYS = ("indy", "loco")

ARRAY_CHANNELS = {"indy": (96, 192), "loco": (192,)}
"""Channels of each monkey's recordings: arrays of 96 electrodes, in M1 or in M1 and S1."""


@dataclass(frozen=True)
class Finding:
    """One thing wrong with a recording.

    Attributes:
        predicate: the rest of a sentence that begins with the file's path, without full stop.
        grave: nothing measured on the recording would mean anything.
    """

    predicate: str
    grave: bool = True

    def sentence(self, path: Path) -> str:
        """The finding, for people."""
        return f"{path} {self.predicate}."

    def error(self, path: Path) -> DataError:
        """The finding, to be raised."""
        return DataError(self.sentence(path))


def warnings_of(findings: Iterable[Finding], path: Path) -> tuple[Finding, ...]:
    """The findings, unless one of them is grave.

    Raises:
        DataError: the first grave finding.
    """
    warnings = []
    for finding in findings:
        if finding.grave:
            raise finding.error(path)
        warnings.append(finding)
    return tuple(warnings)


def session_named(path: Path) -> Session | None:
    """The public session whose published file name ``path`` has, if any."""
    return next((session for session in PUBLIC_SESSIONS if session.name == path.stem), None)


def remedy(path: Path) -> str:
    """How to come by a sound file in the place of ``path``."""
    if (session := session_named(path)) is not None:
        return f"fetch it again with `nbsuite data fetch {session.label}`"
    if path.parent.name == "twins":
        return "delete it, and its twin is generated again when needed"
    return "copy it again, or name another recording"


def require_file(path: Path) -> None:
    """Check that there is something to open.

    Raises:
        DataError: ``path`` is missing, a folder, empty, or not readable.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        missing = isinstance(error, (FileNotFoundError, NotADirectoryError))
        fault = "does not exist" if missing else f"cannot be reached ({error.strerror})"
        way = remedy(path)
        if missing and path.parent.name == "twins":
            way = "generate it with `nbsuite data twin`"
        raise Finding(f"{fault}: check the path, or {way}").error(path) from error
    if path.is_dir():
        raise Finding("is a folder: name the recording's file in it").error(path)
    if size == 0:
        raise Finding(f"is empty: {remedy(path)}").error(path)
    if not os.access(path, os.R_OK):
        raise Finding("must not be read: check its permissions").error(path)


def name_findings(path: Path) -> Iterator[Finding]:
    """Faults of the file name, by which NeuroBench's loader tells the monkey."""
    if path.suffix != ".mat":
        yield Finding("has no name ending in .mat: rename it, as the loader asks for it")
    if not path.name.startswith(MONKEYS):
        yield Finding(
            "does not tell the monkey by its name: rename it so that it begins with indy or loco"
        )


def identity_findings(
    path: Path,
    session: Session,
    *,
    channels: int,
    twin: TwinInfo | None,
    published_md5: str | None,
    md5: Callable[[], str],
) -> Iterator[Finding]:
    """Whether the file is the recording that its name claims.

    Args:
        path: the file.
        session: the session it is taken for.
        channels: recording channels found in the file.
        twin: what the file says of itself where it is a twin.
        published_md5: md5 of the published file, if known.
        md5: gives the file's own md5.
    """
    yield from name_findings(path)
    monkey = "indy" if path.name.startswith("indy") else "loco"
    if session.monkey != monkey:
        yield Finding(f"is named after {monkey.title()} but taken for {session.name}: rename it")
    public = session in PUBLIC_SESSIONS
    expected = public or session.channels != channels
    allowed = (session.channels,) if expected else ARRAY_CHANNELS[monkey]
    if channels not in allowed:
        wanted = " or ".join(str(count) for count in allowed)
        yield Finding(
            f"has {channels} channels, where {session.label if expected else monkey.title()} has"
            f" {wanted}: it is another recording under this name, so rename it or {remedy(path)}"
        )
    elif not public and monkey == "indy" and channels == 192:
        yield Finding(
            "has 192 channels, as Indy's first seven recordings have and all of Loco's: make sure"
            " that it is named after the right monkey",
            grave=False,
        )
    if twin is not None:
        if public and twin.session != session.name:
            yield Finding(f"is a twin of {twin.session}, not of {session.name}: rename it")
    elif published_md5 is None:
        yield Finding("has no published md5 to be verified against", grave=False)
    elif md5() != published_md5:
        yield Finding(
            f"is damaged or not the published file of {session.label} (its md5 differs):"
            f" fetch it again with `nbsuite data fetch {session.label}`, or rename it"
        )


def content_findings(path: Path, contents: Contents, *, published: bool) -> Iterator[Finding]:
    """Faults of what the file holds.

    Args:
        path: the file.
        contents: what was read from it.
        published: whether it is a published file, whose oddities the published numbers share:
            they deserve a warning, not a refusal.
    """
    for finding in _content_findings(path, contents):
        yield replace(finding, grave=False) if published else finding


def _content_findings(path: Path, contents: Contents) -> Iterator[Finding]:
    yield from _position_findings(path, contents)
    if contents.spikes is None:
        if (finding := time_finding(contents.time)) is not None:
            yield finding
    else:
        yield from _spike_findings(path, contents.spikes)


def _spike_findings(path: Path, spikes: SpikeTally) -> Iterator[Finding]:
    if spikes.counted == 0:
        yield Finding(f"holds no spikes within the time of its samples: {remedy(path)}")
    elif spikes.outside:
        yield Finding(
            f"has {spikes.outside:,} of {spikes.counted + spikes.outside:,} spikes outside the"
            " time of its samples, which do not count",
            grave=False,
        )
    if spikes.spurious_events:
        yield Finding(
            "has empty MATLAB cells that NeuroBench's loader reads as spikes:"
            f" {len(spikes.spurious_events)} input events were cleared",
            grave=False,
        )


def _position_findings(path: Path, contents: Contents) -> Iterator[Finding]:
    for name, positions in (("cursor_pos", contents.cursor), ("target_pos", contents.target)):
        bad = np.flatnonzero(~np.isfinite(positions).all(axis=0))
        if bad.size:
            yield Finding(
                f"has NaN or infinite positions in {name} ({bad.size:,} samples, the first is"
                f" number {bad[0]:,}): interpolate them, or {remedy(path)}"
            )


def time_finding(time: NDArray[np.float64]) -> Finding | None:
    """Whether the time stamps (T,) are sound.

    NeuroBench bins spikes between the first and the last of them, whatever lies between, and
    takes the n-th bin for the n-th sample.
    """
    if bad := np.count_nonzero(~np.isfinite(time)):
        return Finding(f"has {bad:,} NaN or infinite time stamps in t: set them 4 ms apart")
    steps = np.diff(time)
    drift = abs(time[-1] - time[0] - (time.size - 1) * STEP_SECONDS)
    if np.abs(steps - STEP_SECONDS).max() <= STEP_SECONDS / 2 and drift <= STEP_SECONDS:
        return None
    return Finding(
        f"has time stamps {1000 * steps.min():.4g} to {1000 * steps.max():.4g} ms apart, not"
        " 4 ms: resample it to 250 Hz without gaps"
    )


def split_findings(lengths: dict[str, int], reaches: int) -> Iterator[Finding]:
    """Splits without samples: NeuroBench splits by reaches, of which there may be too few.

    Args:
        lengths: samples of each split.
        reaches: segments of constant target position.
    """
    if empty := [name for name, length in lengths.items() if not length]:
        yield Finding(
            f"has no {' and no '.join(empty)} set, for its {reaches}"
            f" {'reach is' if reaches == 1 else 'reaches are'} too few to be split:"
            " use a recording of at least 4 reaches"
        )
