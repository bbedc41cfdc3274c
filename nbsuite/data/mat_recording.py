"""Loading a recording of the public sessions' format, through NeuroBench's loader."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from nbsuite.data.cache import entry_folder, load_or_build
from nbsuite.data.digests import known_digest
from nbsuite.data.finding import Finding, warnings_of
from nbsuite.data.folders import cache_folder
from nbsuite.data.guards import (
    content_findings,
    identity_findings,
    split_findings,
)
from nbsuite.data.loader import SPLITS, LoadedArrays, load_through_neurobench
from nbsuite.data.motion import motion_findings
from nbsuite.data.recording import Recording, Split
from nbsuite.data.recording_file import require_file, session_named
from nbsuite.data.sessions import PUBLIC_SESSIONS, Session
from nbsuite.data.spike_storage import PackedSpikes
from nbsuite.data.task import Task
from nbsuite.twin_info import TwinInfo


def load_mat_recording(
    path: Path,
    task: Task,
    *,
    session: Session | None = None,
    cache: Path | None = None,
    use_cache: bool = True,
) -> Recording:
    """Load a recording through NeuroBench's PrimateReaching, or what was kept of doing so.

    Args:
        path: the recording's file.
        task: what is to be decoded from it.
        session: the session it is expected to be of; without it, the file name tells.
        cache: the cache's folder, by default the user's.
        use_cache: False loads anew and keeps nothing.

    Raises:
        DataError: the file is missing, damaged, not of the format, or not what its name says.
    """
    require_file(path)
    digest = known_digest(path, "sha256")
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
        task,
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
        reaches=loaded.reaches,
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
    if known_digest(path, "sha256") != digest:
        raise Finding("changed while it was loaded: load it again").error(path)
    return LoadedArrays(
        loaded.packed,
        loaded.labels,
        loaded.channels,
        loaded.ends,
        loaded.reaches,
        findings,
        contents.twin,
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
        md5=partial(known_digest, path, "md5"),
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
