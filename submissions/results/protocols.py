"""Under which task results were measured, and on which of its sessions means are reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nbsuite.data.sessions import Session
from nbsuite.protocol import EARLIEST_PROTOCOL, fault_of_protocol
from nbsuite.tasks.known import TASKS
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING
from nbsuite.twin_info import TWIN_MARK
from nbsuite.twin_labels import marked

CHALLENGE_TASK = PRIMATE_REACHING.protocol


def is_task(value: object) -> bool:
    """Whether a value is the name and version of a task."""
    return isinstance(value, str) and fault_of_protocol(value) is None


def task_of(provenance: Mapping[str, object]) -> str:
    """Name and version of the task, out of what lies beside results."""
    return str(provenance.get("task", EARLIEST_PROTOCOL))


def sessions_of(task: str) -> tuple[Session, ...]:
    """The sessions that results are reported on; none of a task of one's own."""
    return TASKS[task].sessions if task in TASKS else ()


def task_heading(task: str) -> str:
    """A task as headings name it: the challenge's in words, others as results do."""
    return "Primate reaching" if task == CHALLENGE_TASK else task


_NUMBERS = ("no", "one", "two", "three", "four", "five", "six")


def number_word(count: int) -> str:
    """A small number in words."""
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def means_over(sessions: Sequence[str]) -> str:
    """``means over the six sessions``, or the one session's name."""
    count = len(sessions)
    return (
        f"session {sessions[0]}" if count == 1 else f"means over the {number_word(count)} sessions"
    )


def short_name(recording: str) -> str:
    """A recording for people: ``I1 (twin-seed1)`` is a twin of the challenge's session."""
    name, _, variant = recording.partition("-")
    for session in sessions_of(CHALLENGE_TASK):
        if session.name == name:
            return f"{session.label} ({variant})" if variant else session.label
    return recording


def recording_label(recording: str, *, twin: bool) -> str:
    """A recording for people, where which twin it is does not matter: ``I1 (TWIN)``."""
    name = recording.partition(TWIN_MARK)[0] if twin else recording
    return marked(short_name(name), twin=twin)
