"""What is known of a user's decoder besides its weights and its code."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from nbsuite.models.spec import LONGEST_STEP, MOST_CHANNELS, MOST_OUTPUTS, without_kind
from nbsuite.neurons.unit_work import Uncounted
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.fields import decode
from nbsuite.untrusted.text import one_line

_SHA256 = re.compile("[0-9a-f]{64}")
_LONGEST_REFERENCE = 500


@dataclass(frozen=True)
class ModuleSpec:
    """What is known of a user's decoder besides its weights.

    Attributes:
        name: the decoder's name.
        channels: number of input channels.
        outputs: number of decoded values a step.
        step: length of a step in seconds.
        factory: how its user named what makes it, if it was named; told, and never run.
        source_sha256: digest of the file of its code, where there is one.
    """

    kind: ClassVar[str] = "module"

    name: str
    channels: int
    outputs: int
    step: float
    factory: str | None = None
    source_sha256: str | None = None

    def unit_work(self) -> Uncounted:
        """A user's code alone tells; see ``ModuleDecoder.unit_work``."""
        return "has units that only a run of its code counts"

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"kind": self.kind, **asdict(self)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> ModuleSpec:
        """The inverse of :meth:`to_json`.

        Raises:
            FormatFault: the values do not describe a decoder.
        """
        spec = decode(cls, without_kind(values))
        if spec.factory is not None and one_line(spec.factory, _LONGEST_REFERENCE) != spec.factory:
            raise FormatFault("names a factory by what is no line of text")
        if spec.source_sha256 is not None and _SHA256.fullmatch(spec.source_sha256) is None:
            raise FormatFault("has an impossible SHA-256 of its code")
        return spec

    def is_possible(self) -> bool:
        """Whether there can be such a decoder."""
        return (
            1 <= self.channels <= MOST_CHANNELS
            and 1 <= self.outputs <= MOST_OUTPUTS
            and math.isfinite(self.step)
            and 0 < self.step <= LONGEST_STEP
        )
