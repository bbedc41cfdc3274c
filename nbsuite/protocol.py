"""The name and version of a task, as results, checkpoints and packages carry them."""

from __future__ import annotations

import re

from nbsuite.untrusted.names import is_file_name

EARLIEST_PROTOCOL = "primate-reaching/1"
"""What results, checkpoints and packages are of that name none: there was no other."""

_PROTOCOL = re.compile(r"(?P<name>[^/]+)/(?P<version>[1-9][0-9]{0,5})")


def fault_of_protocol(text: str) -> str | None:
    """Why ``text`` is no name and version of a task, as the end of a sentence; None if it is."""
    found = _PROTOCOL.fullmatch(text)
    if found is not None and is_file_name(found["name"]):
        return None
    return "is no name and version such as primate-reaching/1"
