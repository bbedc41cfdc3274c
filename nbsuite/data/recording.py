"""A loaded recording: input events, velocities, and the official split."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nbsuite.data.cache import entry_folder, load_or_build
from nbsuite.data.digests import file_digest, remembered_digest
from nbsuite.data.finding import Finding, warnings_of
from nbsuite.data.folders import cache_folder
from nbsuite.data.guards import content_findings, identity_findings, split_findings
from nbsuite.data.loader import SPLITS, LoadedArrays, load_through_neurobench
from nbsuite.data.motion import motion_findings
from nbsuite.data.recording_file import require_file, session_named
from nbsuite.data.spike_storage import Counts, PackedSpikes, SpikeStorage
from nbsuite.data.twins.info import TWIN_MARK, TwinInfo
from nbsuite.tasks.sessions import PUBLIC_SESSIONS, Session


@dataclass(frozen=True)
class Split:
    """A contiguous range of samples, named training, validation or test."""

    name: str
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True, eq=False)
class Recording:
    """A recording of T samples, 4 ms apart, and C channels.

    Attributes:
        session: the session it is of; one made from the file name where it is not a public one.
        path: the file.
        digest: SHA-256 of the file.
        twin: what the file is a twin of; None for a real recording.
        warnings: sentences for people about what is odd in it.
        stored: input events.
        labels: (T, 2) float32: velocity in mm per 4 ms sample.
        train: the samples to train on.
        validation: the samples after them.
        test: the last samples, on which results are reported.
        segments: where each stretch of time without gaps begins and ends; together they are all
            samples, in order.
    """

    session: Session
    path: Path
    digest: str
    twin: TwinInfo | None
    warnings: tuple[str, ...]
    stored: SpikeStorage
    labels: NDArray[np.float32]
    train: Split
    validation: Split
    test: Split
    segments: tuple[tuple[int, int], ...]

    @property
    def name(self) -> str:
        """What results and pictures call it: the file's name, marked if it hides a twin."""
        unmarked = self.twin is not None and TWIN_MARK not in self.path.stem
        return f"{self.path.stem}{TWIN_MARK if unmarked else ''}"

    @property
    def steps(self) -> int:
        """Number of samples T."""
        return len(self.labels)

    @property
    def channels(self) -> int:
        """Number of channels C."""
        return self.session.channels

    @property
    def binary(self) -> bool:
        """Whether no channel ever has more than one event in a sample."""
        return self.stored.binary

    def spikes(self, start: int, stop: int) -> Counts:
        """Input events of samples ``start`` to ``stop``, (stop - start, C).

        They are zeros and ones in int8 where the recording is ``binary``, otherwise counts in
        int16.

        Raises:
            IndexError: the samples are not all within the recording.
        """
        if not 0 <= start <= stop <= self.steps:
            raise IndexError(f"samples {start} to {stop} of a recording of {self.steps}")
        return self.stored.rows(start, stop)

    def stretches(self, part: Split) -> tuple[Split, ...]:
        """The parts of a split that lie in one segment each, in order."""
        within = [(max(start, part.start), min(stop, part.stop)) for start, stop in self.segments]
        return tuple(Split(part.name, start, stop) for start, stop in within if start < stop)


def load_recording(
    path: Path,
    *,
    session: Session | None = None,
    cache: Path | None = None,
    use_cache: bool = True,
) -> Recording:
    """Load a recording through NeuroBench's PrimateReaching, or what was kept of doing so.

    Args:
        path: the recording's file.
        session: the session it is expected to be of; without it, the file name tells.
        cache: the cache's folder, by default the user's.
        use_cache: False loads anew and keeps nothing.

    Raises:
        DataError: the file is missing, damaged, not of the format, or not what its name says.
    """
    require_file(path)
    digest = _digest(path, "sha256")
    build = partial(_build, path, session, digest)
    unkept = None
    if use_cache:
        folder = entry_folder(cache or cache_folder(), digest)
        loaded, unkept = load_or_build(folder, build)
    else:
        loaded = build()
    session, identity = identify(path, session, loaded.channels, loaded.twin)
    published = is_published(session, loaded.twin)
    parts = dict(zip(SPLITS, map(slice, (0, *loaded.ends), loaded.ends), strict=True))
    motion = motion_findings(loaded.labels, parts, published=published)
    findings = (*warnings_of(identity, path), *warnings_of(motion, path))
    warnings = [finding.sentence(path) for finding in (*findings, *loaded.findings)]
    if unkept is not None:
        warnings.append(
            f"{path} is loaded anew each time, for the cache cannot be written ({unkept}):"
            " set NBSUITE_CACHE to a folder that can."
        )
    train, validation, test = map(Split, SPLITS, (0, *loaded.ends), loaded.ends)
    return Recording(
        session,
        path,
        digest,
        loaded.twin,
        tuple(warnings),
        PackedSpikes(loaded.packed, loaded.channels),
        loaded.labels,
        train,
        validation,
        test,
        segments=((0, len(loaded.labels)),),
    )


def _build(path: Path, session: Session | None, digest: str) -> LoadedArrays:
    """Check the file and load it; the cheap checks first."""
    from nbsuite.data.contents import read_contents  # opens HDF5, which a cached load never needs

    contents = read_contents(path)
    session, identity = identify(path, session, contents.channels, contents.twin)
    warnings_of(identity, path)
    published = is_published(session, contents.twin)
    findings = warnings_of(content_findings(path, contents, published=published), path)
    loaded = load_through_neurobench(path, contents)
    findings += warnings_of(split_findings(loaded.lengths, contents.reaches), path)
    if _digest(path, "sha256") != digest:
        raise Finding("changed while it was loaded: load it again").error(path)
    return LoadedArrays(
        loaded.packed, loaded.labels, loaded.channels, loaded.ends, findings, contents.twin
    )


def identify(
    path: Path, expected: Session | None, channels: int, twin: TwinInfo | None
) -> tuple[Session, Iterator[Finding]]:
    """The session that a file is taken for, and what speaks against it."""
    session = expected or _session_of(path, channels, twin)
    findings = identity_findings(
        path,
        session,
        channels=channels,
        twin=twin,
        published_md5=_published_md5(session),
        md5=partial(_digest, path, "md5"),
    )
    return session, findings


def is_published(session: Session, twin: TwinInfo | None) -> bool:
    """Whether a file that `identify` has found nothing against is known to be the published one."""
    return twin is None and _published_md5(session) is not None


def _session_of(path: Path, channels: int, twin: TwinInfo | None) -> Session:
    """The session a file is of, by what it says of itself or else by its name."""
    if twin is not None:
        named = next((known for known in PUBLIC_SESSIONS if known.name == twin.session), None)
    else:
        named = session_named(path)
    return named or Session(path.stem, channels)


def _published_md5(session: Session) -> str | None:
    """The published md5 of a session, as far as it is known here."""
    if session.md5 is not None or session not in PUBLIC_SESSIONS:
        return session.md5
    from nbsuite.data.fetch.zenodo import base_url, known_md5  # needs the network's libraries

    return known_md5(session, base_url())


def _digest(path: Path, algorithm: str) -> str:
    try:
        return remembered_digest(path, algorithm) or file_digest(path, algorithm)
    except OSError as error:
        raise Finding(f"cannot be read ({error.strerror}): check its permissions").error(
            path
        ) from error
