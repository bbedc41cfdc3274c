"""The tasks that are known here, and their sessions by name."""

from __future__ import annotations

from pathlib import Path

from nbsuite.data.sessions import Session
from nbsuite.data.task import Task
from nbsuite.errors import UsageError
from nbsuite.suggestions import did_you_mean
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING

TASKS: dict[str, Task] = {task.protocol: task for task in (PRIMATE_REACHING,)}
"""By protocol. A recording of one's own has a task of its own, which is none of these."""


def find_session(text: str) -> Session:
    """The session of that short name or file name.

    Args:
        text: ``I1`` to ``L3`` or a name such as ``indy_20160622_01``; case and the file's
            suffix do not matter.

    Raises:
        UsageError: there is no such session.
    """
    wanted = text.strip().lower().removesuffix(".mat").removesuffix(".h5")
    sessions = [session for task in TASKS.values() for session in task.every_session]
    ids = {session.id.lower(): session for session in sessions if session.id is not None}
    known = {session.name: session for session in sessions} | ids
    if wanted in known:
        return known[wanted]
    shown = [*(session.name for session in sessions), *(str(each.id) for each in ids.values())]
    hint = did_you_mean(
        wanted,
        shown,
        otherwise=f"name one of {', '.join(str(each.id) for each in ids.values())} or a file of the"
        " record, as listed by `nbsuite sessions`.",
    )
    raise UsageError(f"There is no session '{text}': {hint}")


def means_a_path(text: str) -> bool:
    """Whether ``text`` means a file and not a session.

    A file that is there does, as do anything with a separator and a .mat or .h5 file of no known
    session.
    """
    path = Path(text)
    if path.name != text or path.is_file():
        return True
    return path.suffix in (".mat", ".h5") and not _is_session(text)


def _is_session(text: str) -> bool:
    try:
        find_session(text)
    except UsageError:
        return False
    return True
