"""What can be wrong with a recording, each fault as a finding with its remedy.

The loader raises the first grave finding; `nbsuite data info` lists them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nbsuite.data.clock import clock_findings, time_finding
from nbsuite.data.finding import Finding
from nbsuite.data.motion import position_findings
from nbsuite.data.recording_file import remedy, session_named
from nbsuite.data.sessions import PUBLIC_SESSIONS, Session
from nbsuite.data.spike_tally import SpikeTally
from nbsuite.twin_info import GENERATOR_VERSION, TwinInfo

if TYPE_CHECKING:  # what is loaded from the cache does without HDF5
    from nbsuite.data.contents import Contents

_HIGH_RATE, _IMPOSSIBLE_RATE = 200.0, 1000.0
"""Spikes a second and channel, all units together, that are hardly and that cannot be spikes."""


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
    named = session_named(path)
    if named not in (None, session):
        yield Finding(f"is named after {named.name} but taken for {session.name}: rename it")
    if channels != session.channels:
        yield Finding(
            f"has {channels} channels, where {session.label} has {session.channels}: it is another"
            f" recording under this name, so rename it or {remedy(path)}"
        )
    if twin is not None:
        if session in PUBLIC_SESSIONS and twin.session != session.name:
            yield Finding(f"is a twin of {twin.session}, not of {session.name}: rename it")
        if twin.old:
            yield Finding(
                f"is an old twin, of generator {twin.generator}, on which decoders come out"
                f" otherwise than on those of generator {GENERATOR_VERSION}: make it again with"
                " `nbsuite data twin`",
                grave=False,
            )
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
    for name, positions in (("cursor_pos", contents.cursor), ("target_pos", contents.target)):
        yield from position_findings(name, positions, remedy(path))
    if contents.spikes is None:
        if (finding := time_finding(contents.time)) is not None:
            yield finding
    else:
        yield from clock_findings(contents.clock_start, contents.resolution)
        yield from _spike_findings(path, contents.spikes)
        yield from _rate_findings(contents.spikes.counted / contents.channels / contents.seconds)


def _rate_findings(hertz: float) -> Iterator[Finding]:
    if hertz > _HIGH_RATE:
        yield Finding(
            f"has {hertz:,.0f} spikes a second on a channel on average, where recordings have 10"
            " to 20: make sure that they are spikes, in seconds",
            grave=hertz > _IMPOSSIBLE_RATE,
        )


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
