"""Specifications of spiking decoders, and the bounds of all specifications."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

from nbsuite.neurons.cells import CELLS
from nbsuite.neurons.unit_work import UnitWork
from nbsuite.untrusted.fields import decode

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

OUTPUTS = 2
STEP = 0.004
"""Outputs and seconds of a step where nothing else is said, as of NeuroBench's primate reaching."""
INITIAL_READOUT = -0.01
MOST_CHANNELS = 1 << 16
"""More than any recording has: no header of a checkpoint can ask for more memory than there is."""
MOST_READOUTS = 100
MOST_LAYERS = 100
MOST_OUTPUTS = 1000
LONGEST_STEP = 10.0
"""Seconds."""
LONGEST_TIME_CONSTANT = 1000.0
"""Seconds: a quarter of an hour, in which a decoder of movements forgets."""


@dataclass(frozen=True)
class ModelSpec:
    """Everything that fixes a spiking decoder but its weights.

    Attributes:
        name: the decoder's name, such as ``tinyRSNN``.
        channels: number of input channels.
        neurons: number of neurons of each hidden layer.
        hidden: base time constants (membrane, synapse) of the hidden layers in seconds.
        readouts: base time constants (membrane, synapse) of each readout head in seconds; the
            decoder's output is the heads' mean.
        layers: number of hidden layers, each of which projects onto the next.
        recurrent: whether the neurons of a layer are connected to each other.
        cell: their neuron model, see ``nbsuite.neurons.cells``.
        outputs: number of readout units of each head, and of the decoder's outputs.
        step: the time step in seconds.
    """

    kind: ClassVar[str] = "recurrent"

    name: str
    channels: int
    neurons: int
    hidden: tuple[float, float]
    readouts: tuple[tuple[float, float], ...]
    layers: int = 1
    recurrent: bool = True
    cell: str = "lif"
    outputs: int = OUTPUTS
    step: float = STEP

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Names of the hidden layers: ``hidden``, or ``hidden1`` and so on where there are more."""
        if self.layers == 1:
            return ("hidden",)
        return tuple(f"hidden{number}" for number in range(1, self.layers + 1))

    @property
    def training_kernels(self) -> tuple[str, ...]:
        """Names of the kernels that train such a decoder, but for what its size rules out."""
        if not CELLS[self.cell].fused:
            return ("reference",)
        simple = self.layers == 1 and self.recurrent and self.cell == "lif"
        return ("numba", "triton", "reference") if simple else ("numba", "reference")

    def unit_work(self) -> UnitWork:
        """What the hidden neurons and the readout units do in a sample."""
        cell = CELLS[self.cell]
        hidden = UnitWork.of(cell.update, self.layers * self.neurons)
        units = len(self.readouts) * self.outputs
        return hidden + UnitWork.of(cell.readout_update, units, emits=False)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values, without those that are the default ones."""
        return without_defaults(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> ModelSpec:
        """The inverse of :meth:`to_json`.

        Raises:
            FormatFault: the values do not describe a decoder.
        """
        return decode(cls, without_kind(values))

    def is_possible(self) -> bool:
        """Whether there can be such a decoder."""
        taus = [tau for pair in (self.hidden, *self.readouts) for tau in pair]
        return (
            1 <= self.channels <= MOST_CHANNELS
            and self.neurons >= 1
            and 1 <= len(self.readouts) <= MOST_READOUTS
            and all(0 < tau <= LONGEST_TIME_CONSTANT for tau in taus)
            and 1 <= self.layers <= MOST_LAYERS
            and self.cell in CELLS
            and 1 <= self.outputs <= MOST_OUTPUTS
            and 0 < self.step <= LONGEST_STEP
        )


def without_defaults(spec: DataclassInstance) -> dict[str, Any]:
    """The fields of a specification that differ from their defaults."""
    defaults = {field.name: field.default for field in fields(spec)}
    return {name: value for name, value in asdict(spec).items() if value != defaults[name]}


def without_kind(values: dict[str, Any]) -> dict[str, Any]:
    """The fields of a specification, of which its kind is none."""
    return {key: value for key, value in values.items() if key != "kind"}
