"""``nbsuite data``: fetch, verify, imitate and inspect recordings."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nbsuite.cli.data.importing import import_recording
from nbsuite.cli.frame.examples import examples
from nbsuite.cli.frame.groups import Group
from nbsuite.cli.frame.options import (
    data_dir_option,
    data_option,
    force_option,
    json_option,
    output_option,
    session_arguments,
)
from nbsuite.cli.frame.output import print_json, print_table, say
from nbsuite.data.sessions import PUBLIC_SESSIONS, Session
from nbsuite.errors import DataError, UsageError
from nbsuite.tasks.known import find_session
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING

if TYPE_CHECKING:
    from nbsuite.data.verification import FileState

SETS = {"all": PRIMATE_REACHING.sessions, "public": PUBLIC_SESSIONS}
"""Words for several sessions: the challenge's six, and the record's 47."""


def _named(texts: tuple[str, ...]) -> list[Session]:
    """The sessions meant, each once, in the order named."""
    meant = [s for text in texts for s in SETS.get(text) or (find_session(text),)]
    return list(dict.fromkeys(meant))


@click.group(cls=Group)
def data() -> None:
    """Fetch, verify, imitate, import and inspect recordings."""


data.add_command(import_recording)


@data.command(
    epilog=examples(
        "nbsuite data fetch I1",
        "nbsuite data fetch all                 # the six challenge sessions, 4.3 GB",
        "nbsuite data fetch public              # all 47, tens of gigabytes",
    ),
)
@session_arguments(words=tuple(SETS))
@force_option("other files of a recording's name")
@data_dir_option()
@json_option()
def fetch(sessions: tuple[str, ...], force: bool, data_dir: Path, as_json: bool) -> None:
    """Fetch recordings from Zenodo.

    SESSIONS are ids or names, `all` for the six of the challenge, or `public` for every session of
    the record. What an interrupted run has fetched is kept, and the next run resumes there. A
    recording gets its name once its md5 is the published one.
    """
    from nbsuite.cli.data.display import download_progress
    from nbsuite.data.fetch.download import fetch as fetch_session

    paths = []
    for session in _named(sessions):
        with download_progress(session.label, quiet=as_json) as report:
            path = fetch_session(session, data_dir, force=force, progress=report)
        paths.append((session, path))
        if not as_json:
            say(f"{session.label}: {path} (verified)")
    if as_json:
        print_json(
            [{"id": s.id, "name": s.name, "path": str(p), "verified": True} for s, p in paths]
        )


@data.command(
    epilog=examples(
        "nbsuite data verify                    # whatever is on this disk",
        "nbsuite data verify I1 L3",
    ),
)
@session_arguments(required=False)
@data_dir_option()
@json_option()
def verify(sessions: tuple[str, ...], data_dir: Path, as_json: bool) -> None:
    """Compare recordings on this disk with their published md5, reading each of them whole.

    SESSIONS are by default all whose real recording is there. The exit status is 1 unless each one
    named is there, and none differs.
    """
    from nbsuite.cli.data.display import byte_progress
    from nbsuite.data.folders import real_path
    from nbsuite.data.verification import FileState
    from nbsuite.data.verification import verify as verify_session

    chosen = _named(sessions) if sessions else list(PUBLIC_SESSIONS)
    states = {}
    for session in chosen:
        path = real_path(session, data_dir)
        if not sessions and not path.is_file():
            continue
        size = path.stat().st_size if path.is_file() else 0
        with byte_progress(f"{session.label} verifying", size, quiet=as_json) as advance:
            states[session] = verify_session(session, data_dir, progress=advance)
    if as_json:
        print_json(
            [
                {
                    "id": session.id,
                    "name": session.name,
                    "path": str(real_path(session, data_dir)),
                    "verified": state is FileState.VERIFIED,
                    "state": state.value,
                }
                for session, state in states.items()
            ]
        )
    elif states:
        rows = [[s.id or "", s.name, state.value] for s, state in states.items()]
        print_table(["id", "session", "recording"], rows, caption=f"Folder: {data_dir}")
    else:
        say(f"No real recording in {data_dir}: fetch one with `nbsuite data fetch I1`.")
    if not {FileState.MISSING, FileState.MISMATCH}.isdisjoint(states.values()):
        raise DataError(_bad_recordings(states, data_dir))


def _bad_recordings(states: dict[Session, FileState], folder: Path) -> str:
    """The sentence for recordings that are missing or differ."""
    from nbsuite.data.verification import FileState

    bad = {
        wanted: " ".join(session.label for session, state in states.items() if state is wanted)
        for wanted in (FileState.MISSING, FileState.MISMATCH)
    }
    sentences = []
    if labels := bad[FileState.MISSING]:
        sentences.append(f"{folder} lacks recordings: run `nbsuite data fetch {labels}`.")
    if labels := bad[FileState.MISMATCH]:
        sentences.append(
            f"{folder} holds recordings that differ from the published ones: replace them with"
            f" `nbsuite data fetch {labels} --force`."
        )
    return " ".join(sentences)


@data.command(
    epilog=examples(
        "nbsuite data twin I1",
        "nbsuite data twin all --fraction 0.1 --seed 7",
        "nbsuite data twin L2 --fraction 0.05 -o short.mat",
    ),
)
@session_arguments(words=tuple(SETS))
@click.option(
    "--fraction",
    type=float,
    default=1.0,
    show_default=True,
    help="Length as a fraction of the real recording's.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Random seed.")
@output_option("Write the twin to this file instead of the folder of recordings.")
@force_option("twins")
@data_dir_option()
@json_option()
def twin(
    sessions: tuple[str, ...],
    fraction: float,
    seed: int,
    output: Path | None,
    force: bool,
    data_dir: Path,
    as_json: bool,
) -> None:
    """Generate twins: synthetic recordings with the statistics of the real ones.

    SESSIONS are ids or names of challenge sessions, or `all` for the six. A twin that is there
    already is kept.
    """
    from nbsuite.cli.data.display import stage_line
    from nbsuite.data.folders import twin_path
    from nbsuite.data.twins.generate import ensure_twin, write_twin

    chosen = _named(sessions)
    if output is not None and len(chosen) > 1:
        raise UsageError(
            f"{output} can hold one twin, not {len(chosen)}: name one session with -o."
        )
    if output is not None and os.path.lexists(output) and not force:
        raise DataError(f"{output} exists already: replace it with --force, or choose another.")
    paths = []
    for session in chosen:
        default = twin_path(session, data_dir, fraction=fraction, seed=seed)
        with stage_line(f"{session.label} twin", quiet=as_json) as report:
            if output is not None or force:
                path = output or default
                write_twin(session, path, fraction=fraction, seed=seed, progress=report)
            else:
                path = ensure_twin(session, data_dir, fraction=fraction, seed=seed, progress=report)
        paths.append((session, path))
        if not as_json:
            say(f"{session.label}: {path} (twin)")
    if as_json:
        settings = {"fraction": fraction, "seed": seed}
        print_json([{"id": s.id, "name": s.name, "path": str(p), **settings} for s, p in paths])


@data.command(
    epilog=examples(
        "nbsuite data info I1",
        "nbsuite data info recordings/monkey_20240101_01.mat --json",
        "nbsuite data info mine.h5",
    ),
)
@click.argument("recording")
@data_option()
@data_dir_option()
@json_option()
def info(recording: str, data: str, data_dir: Path, as_json: bool) -> None:
    """Describe a recording: channels, duration, rates, reaches, splits, and what is wrong with it.

    RECORDING is a session's id or name, or a file of the public sessions' format or of one's own
    recording, as `nbsuite data import` writes it. The exit status is 1 for a file
    that cannot be used.
    """
    from nbsuite.cli.data.display import print_recording, stage_line
    from nbsuite.tasks.info import inspect
    from nbsuite.tasks.locate import locate

    with stage_line(f"{recording} twin", quiet=as_json) as report:
        place = locate(recording, data_dir, data, progress=report)  # type: ignore[arg-type]
    described = inspect(place.path)
    if as_json:
        print_json(asdict(described))
    else:
        print_recording(described)
    if described.problems:
        raise click.exceptions.Exit(DataError.exit_code)
