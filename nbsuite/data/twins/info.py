"""What a session twin says of itself, in its own file.

Light to import: a recording loaded from the cache says whether it is a twin, and must not need
HDF5 or the generator for that.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nbsuite.data.finding import Finding
from nbsuite.data.recording_file import require_file
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.fields import decode
from nbsuite.untrusted.json_text import parse_json
from nbsuite.untrusted.names import fault_of_name
from nbsuite.untrusted.text import one_line

if TYPE_CHECKING:
    import h5py

TWIN_MARK = "-twin"
"""Part of the name of a twin's file, results and pictures."""

TWIN_ATTRIBUTE = "nbsuite_twin"
"""Root attribute of a twin's file: a TwinInfo as JSON. Real recordings have none."""


@dataclass(frozen=True)
class TwinInfo:
    """What a twin is a twin of.

    Attributes:
        session: name of the real session.
        fraction: length as a fraction of the real recording's.
        seed: the random seed.
        generator: version of the generator that wrote it.
    """

    session: str
    fraction: float
    seed: int
    generator: int


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
    from nbsuite.untrusted.hdf5 import read_text_attribute

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


def fault_of_twin(info: TwinInfo) -> str | None:
    """What is impossible in what is said of a twin, as the end of a sentence; None if nothing."""
    if fault := fault_of_name(info.session):
        return f"has an impossible session: {fault}"
    if not 0 < info.fraction <= 1:
        return f"has the impossible fraction {info.fraction:g}"
    if min(info.seed, info.generator) < 0:
        return "has a negative seed or generator"
    return None
