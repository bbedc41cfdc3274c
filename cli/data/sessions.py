"""``nbsuite sessions``: the public sessions, and what of them is on this disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nbsuite.cli.frame.examples import examples
from nbsuite.cli.frame.options import data_dir_option, json_option
from nbsuite.cli.frame.output import print_json, print_table
from nbsuite.data.sessions import PUBLIC_SESSIONS, Session
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING


@click.command(
    epilog=examples(
        "nbsuite sessions",
        "nbsuite sessions --json | jq '.[] | select(.real) | .name'",
    ),
)
@data_dir_option()
@json_option()
def sessions(data_dir: Path, as_json: bool) -> None:
    """List the public sessions, what they serve for, and what of them is on this disk.

    The six challenge sessions can be named by their id. Digests are not computed here: a recording
    is called verified when `nbsuite data fetch` or `nbsuite data verify` has found it so.
    """
    described = [_describe(session, data_dir) for session in _in_order()]
    if as_json:
        print_json(described)
        return
    print_table(
        ["id", "session", "channels", "test steps", "test s", "serves for", "on disk"],
        [_challenge_row(entry) for entry in described if entry["id"]],
        title="Challenge sessions",
        right=("channels", "test steps", "test s"),
    )
    print_table(
        ["session", "channels", "serves for", "on disk"],
        [_row(entry) for entry in described if not entry["id"]],
        title="Other public sessions",
        caption=f"Folder of recordings: {data_dir}",
        right=("channels",),
    )


def _in_order() -> list[Session]:
    """The challenge's sessions first."""
    return [*PRIMATE_REACHING.sessions, *(s for s in PUBLIC_SESSIONS if s.id is None)]


def _describe(session: Session, folder: Path) -> dict[str, Any]:
    """All there is to say about a session, as JSON has it."""
    steps = session.test_steps
    pretrains = session in _pretraining(session)
    return {
        "id": session.id,
        "name": session.name,
        "monkey": session.subject,
        "channels": session.channels,
        "test_steps": steps,
        "test_seconds": None if steps is None else round(steps * PRIMATE_REACHING.step, 3),
        "test_events": session.test_events,
        "pretraining": pretrains,
        "excluded_because": None if pretrains else _reason_of_exclusion(session),
        **_on_disk(session, folder),
    }


def _pretraining(session: Session) -> tuple[Session, ...]:
    """What decoders of the subject's sessions are pretrained on, where results are reported."""
    reported = (s for s in PRIMATE_REACHING.sessions if s.subject == session.subject)
    return PRIMATE_REACHING.pretraining(next(reported))


def _reason_of_exclusion(session: Session) -> str:
    inputs = _pretraining(session)[0].channels
    return f"{session.channels} channels (M1 and S1) where decoders have {inputs} inputs"


def _on_disk(session: Session, folder: Path) -> dict[str, Any]:
    """The real recording's state, the bytes of a begun download, and the twins' paths."""
    from nbsuite.data.folders import real_path, twin_path
    from nbsuite.data.verification import FileState, remembered_state

    path = real_path(session, folder)
    partial = path.with_name(f"{path.name}.part")
    state = remembered_state(session, folder)
    twins = twin_path(session, folder).parent.glob(f"{session.name}-twin-*.mat")
    return {
        "real": None
        if state is FileState.MISSING
        else {"path": str(path), "verified": state is FileState.VERIFIED, "state": state.value},
        "partial_bytes": partial.stat().st_size if partial.exists() else None,
        "twins": sorted(str(twin) for twin in twins),
    }


def _challenge_row(entry: dict[str, Any]) -> list[str]:
    """A line of the challenge's table."""
    name, channels, *rest = _row(entry)
    figures = [f"{entry['test_steps']:,}", f"{entry['test_seconds']:.1f}"]
    return [entry["id"], name, channels, *figures, *rest]


def _row(entry: dict[str, Any]) -> list[str]:
    """A line of the other sessions' table."""
    return [entry["name"], str(entry["channels"]), _purpose(entry), _disk_text(entry)]


def _purpose(entry: dict[str, Any]) -> str:
    if not entry["pretraining"]:
        return f"excluded: {entry['excluded_because']}"
    return "challenge, pretraining" if entry["id"] else "pretraining"


def _disk_text(entry: dict[str, Any]) -> str:
    parts = []
    if entry["real"]:
        parts.append(f"real ({entry['real']['state']})")
    if entry["partial_bytes"] is not None:
        parts.append(f"download begun ({entry['partial_bytes'] / 1e6:.0f} MB)")
    if count := len(entry["twins"]):
        parts.append("twin" if count == 1 else f"{count} twins")
    return ", ".join(parts) or "-"
