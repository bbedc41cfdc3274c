"""What NeuroBench's baselines for the primate-reaching task share.

Their architectures are those of the published weights and of NeuroBench's examples; the code is
ours and computes a whole chunk of time at once. ``nbsuite.models.baselines.stock`` holds the
same decoders of stock layers, one sample at a time; docs/baselines.md compares the two.

Source: Yik et al. (2025), "The NeuroBench framework for benchmarking neuromorphic computing
algorithms and systems", Nature Communications 16, 1545, and its code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import nn

from nbsuite.models.baselines.leaky import Leaky
from nbsuite.models.baselines.units import baseline_unit_work
from nbsuite.models.decoder import Decoder
from nbsuite.models.spec import MOST_CHANNELS, OUTPUTS, STEP, without_kind
from nbsuite.neurons.unit_work import UnitWork
from nbsuite.untrusted.fields import decode

BASELINE_NAMES = ("SNN2", "SNN3", "ANN2D", "ANN3D")


@dataclass(frozen=True)
class BaselineSpec:
    """Everything that fixes a baseline but its weights; they are made for NeuroBench's task.

    Attributes:
        name: ``SNN2``, ``SNN3``, ``ANN2D`` or ``ANN3D``.
        channels: number of input channels.
    """

    kind: ClassVar[str] = "baseline"
    outputs: ClassVar[int] = OUTPUTS
    step: ClassVar[float] = STEP

    name: str
    channels: int

    def unit_work(self) -> UnitWork:
        """What its units do in a sample besides synaptic operations."""
        return baseline_unit_work(self.name, self.channels)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"kind": self.kind, "name": self.name, "channels": self.channels}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> BaselineSpec:
        """The inverse of :meth:`to_json`.

        Raises:
            FormatFault: the values do not describe a baseline.
        """
        return decode(cls, without_kind(values))

    def is_possible(self) -> bool:
        """Whether there is such a decoder."""
        return self.name in BASELINE_NAMES and 1 <= self.channels <= MOST_CHANNELS


class Baseline(Decoder):
    """What the baselines share."""

    spec: BaselineSpec

    def __init__(self, spec: BaselineSpec) -> None:
        super().__init__()
        self.spec = spec

    def sources(self) -> tuple[tuple[nn.Module, ...], ...]:
        """The layers of synapses, in order, each of which has inputs of its own."""
        return tuple((layer,) for layer in self.children() if isinstance(layer, nn.Linear))

    def fault(self) -> str | None:
        """What is wrong with the constants that were loaded, if anything."""
        faults = (layer.fault() for layer in self.children() if isinstance(layer, Leaky))
        fault = next((fault for fault in faults if fault is not None), None)
        return None if fault is None else f"{fault}, which {self.spec.name} has not"
