"""What a session twin says of itself, in its own file.

Light to import: a recording loaded from the cache says whether it is a twin, and must not need
HDF5 or the generator for that.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from nbsuite.errors import DataError

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

    try:
        with h5py.File(path, "r") as file:
            text = file.attrs.get(TWIN_ATTRIBUTE)
    except OSError as error:
        raise DataError(
            f"{path} cannot be read as a recording ({error}): fetch or generate it again."
        ) from error
    if text is None:
        return None
    try:
        return TwinInfo(**json.loads(text))
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{path} has a damaged label '{TWIN_ATTRIBUTE}': delete it, and generate the twin"
            " again."
        ) from error
