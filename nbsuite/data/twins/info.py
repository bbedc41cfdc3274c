"""What a session twin says of itself in its own file, read from there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nbsuite.data.finding import Finding
from nbsuite.data.recording_file import require_file
from nbsuite.twin_info import TwinInfo, fault_of_twin
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.fields import decode
from nbsuite.untrusted.json_text import parse_json
from nbsuite.untrusted.text import one_line

if TYPE_CHECKING:
    import h5py

TWIN_ATTRIBUTE = "nbsuite_twin"
"""Root attribute of a twin's file: a TwinInfo as JSON. Real recordings have none."""


def read_twin_info(path: Path) -> TwinInfo | None:
    """What the file says it is a twin of; None for a file that does not say so.

    Raises:
        DataError: the file cannot be read, or its label is damaged.
    """
    import h5py

    require_file(path)
    try:
        with h5py.File(path, "r") as file:
            return twin_info_in(file, path)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise Finding(
            f"cannot be read as a recording ({one_line(str(error), 120)}):"
            " fetch or generate it again"
        ).error(path) from error


def twin_info_in(file: h5py.File, path: Path) -> TwinInfo | None:
    """What an open file says it is a twin of; None for a file that does not say so.

    Raises:
        DataError: its label is damaged.
    """
    from nbsuite.untrusted.hdf5_objects import read_text_attribute

    try:
        text = read_text_attribute(file, TWIN_ATTRIBUTE)
        return None if text is None else _parsed(text)
    except FormatFault as fault:
        raise Finding(
            f"has a damaged label '{TWIN_ATTRIBUTE}', which {one_line(str(fault), 120)}:"
            " delete it, and generate the twin again"
        ).error(path) from fault


def _parsed(text: str) -> TwinInfo:
    """The label of a twin.

    Raises:
        FormatFault: it is none.
    """
    info = decode(TwinInfo, parse_json(text))
    if fault := fault_of_twin(info):
        raise FormatFault(fault)
    return info
