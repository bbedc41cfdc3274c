"""The name of a study: that of its folder."""

from __future__ import annotations

from nbsuite.errors import UsageError
from nbsuite.sweep.toml_file import Entries
from nbsuite.untrusted.names import fault_of_name


def study_name(entries: Entries, default: str) -> str:
    """The name that a study file gives its study, or else its own.

    Raises:
        UsageError: it cannot be that of a folder.
    """
    name = entries.text("name", default)
    if (fault := fault_of_name(name)) is not None:
        what = "gives the name" if "name" in entries.values else "has the name"
        raise UsageError(
            f"{entries.origin} {what} {fault}: give the study another one with name = ...; what is"
            " finished stays so."
        )
    return name
