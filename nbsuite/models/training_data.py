"""What weights were trained on: the recordings, and which of them are twins.

A checkpoint's header keeps it, so that weights which learnt from synthetic recordings say so
wherever they are measured. As JSON::

    {"recordings": [{"file": "indy_20160622_01-twin-seed1.mat", "sha256": "...",
                     "twin": {"session": "indy_20160622_01", "fraction": 1.0, ...}}],
     "complete": true}

``twin`` is null for a real recording.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath
from typing import Any, Protocol

from nbsuite.twin_info import TwinInfo, fault_of_twin
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.fields import decode
from nbsuite.untrusted.names import is_file_name
from nbsuite.untrusted.text import printable

_SHOWN = 100
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Learnt(Protocol):
    """What weights can be trained on: a recording."""

    @property
    def path(self) -> Path:
        """Its file."""

    @property
    def digest(self) -> str:
        """SHA-256 of the file."""

    @property
    def twin(self) -> TwinInfo | None:
        """What it is a twin of; None for a real recording."""


@dataclass(frozen=True)
class TrainedOn:
    """A recording that weights were trained on.

    Attributes:
        file: its file's name.
        sha256: SHA-256 of the file.
        twin: what it is a twin of; None for a real recording.
    """

    file: str
    sha256: str
    twin: TwinInfo | None


@dataclass(frozen=True)
class TrainingData:
    """All that is known of what weights were trained on.

    Attributes:
        recordings: the recordings, each once, in the order in which they were trained on.
        complete: whether these are all; not so where weights, or those that they started from,
            came without saying what they were trained on.
    """

    recordings: tuple[TrainedOn, ...] = ()
    complete: bool = False

    @property
    def twins(self) -> tuple[str, ...]:
        """Names of the recordings that are twins, as results are named after them."""
        return tuple(PurePath(each.file).stem for each in self.recordings if each.twin is not None)

    @property
    def on_twin(self) -> bool | None:
        """Whether any of the recordings is a twin; None where it is not known."""
        if self.twins:
            return True
        return False if self.complete else None

    def followed_by(self, recordings: Iterable[Learnt]) -> TrainingData:
        """What weights were trained on after they were trained on some recordings more."""
        known = {each.sha256: each for each in self.recordings}
        for each in recordings:
            known.setdefault(
                each.digest, TrainedOn(printable(each.path.name), each.digest, each.twin)
            )
        return TrainingData(tuple(known.values()), self.complete)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        recordings = [asdict(each) for each in self.recordings]
        return {"recordings": recordings, "complete": self.complete}

    @classmethod
    def from_json(cls, values: Any) -> TrainingData:
        """The inverse of :meth:`to_json`; nothing is known where files do not speak of it.

        Raises:
            FormatFault: it is not as it should be.
        """
        if values is None:
            return UNKNOWN
        data = decode(cls, values)
        for each in data.recordings:
            if fault := _fault(each):
                raise FormatFault(f"was trained on a recording that {fault}")
        return data


def _fault(recording: TrainedOn) -> str | None:
    """What cannot be of a recording, as the end of a sentence."""
    name, twin = recording.file, recording.twin
    if not is_file_name(name):
        return f"has the impossible name {name[:_SHOWN]!a}"
    if _SHA256.fullmatch(recording.sha256) is None:
        return "has an impossible SHA-256"
    if twin is not None and fault_of_twin(twin):
        return "is a twin of what cannot be"
    return None


UNKNOWN = TrainingData()
"""Of weights that do not say what they were trained on."""

UNTRAINED = TrainingData(complete=True)
"""Of random weights."""
