"""The architecture of a spiking decoder: what tells its network from others of its family.

Settings as those of a recipe, under the name ``model``: ``--set model.neurons=128``. What they
differ in names the decoder, so that results and runs of different networks never share a file::

    tinyRSNN-128                     128 neurons a layer
    tinyRSNN+layers2+adaptive        two layers, another cell
    tinyRSNN-32+feedforward          32 neurons without recurrent connections
    tinyRSNN+hidden30x10             other time constants of the hidden layers, in ms
    tinyRSNN+readouts50x10+20x5      two readout heads, in ms

A name of more than 60 characters ends in a digest instead.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from typing import TypeAlias

from nbsuite.models.spec import (
    LONGEST_TIME_CONSTANT,
    MOST_LAYERS,
    MOST_READOUTS,
    ModelSpec,
)
from nbsuite.neurons.cells import CELLS
from nbsuite.training.settings import Allowed, check_section, count_to, one_of, setting

SECTION = "model"
MOST_NEURONS = 1 << 15
"""Of a layer, whose recurrent weights take 4 GiB."""
_LONGEST_NAME = 60
_DIGEST = 12

Pair: TypeAlias = tuple[float, float]
"""Base time constants of the membrane and the synapse, in seconds."""


def _is_pair(value: Pair) -> bool:
    numbers = len(value) == 2 and all(type(tau) in (int, float) for tau in value)
    return numbers and all(0 < tau <= LONGEST_TIME_CONSTANT for tau in value)


PAIR = Allowed(
    f"two times in seconds, of the membrane and the synapse, as 0.02/0.01, each above 0 and at most"
    f" {LONGEST_TIME_CONSTANT:g}",
    _is_pair,
)
PAIRS = Allowed(
    f"1 to {MOST_READOUTS} pairs of times in seconds, as 0.05/0.01,0.02/0.005, each above 0 and at"
    f" most {LONGEST_TIME_CONSTANT:g}",
    lambda value: 1 <= len(value) <= MOST_READOUTS and all(map(_is_pair, value)),
)
FLAG = Allowed("true or false", lambda value: value in (True, False))


@dataclass(frozen=True)
class Architecture:
    """A network of spiking neurons; the defaults are tinyRSNN's.

    Attributes:
        neurons: neurons of each hidden layer.
        layers: number of hidden layers.
        recurrent: whether the neurons of a layer are connected to each other.
        cell: the neuron model, see ``nbsuite.neurons.cells``.
        hidden: base time constants of the hidden layers.
        readouts: base time constants of each readout head; the output is the heads' mean.

    Raises:
        UsageError: a value is impossible; the message names it.
    """

    neurons: int = setting(64, count_to(MOST_NEURONS))
    layers: int = setting(1, count_to(MOST_LAYERS))
    recurrent: bool = setting(True, FLAG)
    cell: str = setting("lif", one_of(tuple(CELLS)))
    hidden: tuple[float, float] = setting((0.020, 0.010), PAIR)
    readouts: tuple[Pair, ...] = setting(((0.050, 0.010),), PAIRS)

    def __post_init__(self) -> None:
        check_section(self, SECTION)

    def spec(self, name: str, channels: int, outputs: int, step: float) -> ModelSpec:
        """The specification of such a decoder of so many channels and outputs."""
        return ModelSpec(name, channels, outputs=outputs, step=step, **asdict(self))

    def weights(self, channels: int, outputs: int) -> int:
        """Number of weights: what the time of training goes by."""
        within = self.neurons**2
        between = channels * self.neurons + (self.layers - 1) * within
        outwards = len(self.readouts) * outputs * self.neurons
        return between + self.layers * within * self.recurrent + outwards


def difference_name(architecture: Architecture, base: Architecture) -> str:
    """What an architecture differs in from that of its family, as the end of a name.

    >>> difference_name(Architecture(neurons=128, layers=2), Architecture())
    '-128+layers2'
    """
    parts = {
        "neurons": f"-{architecture.neurons}",
        "layers": f"+layers{architecture.layers}",
        "recurrent": "+recurrent" if architecture.recurrent else "+feedforward",
        "cell": f"+{architecture.cell}",
        "hidden": f"+hidden{_milliseconds(architecture.hidden)}",
        "readouts": "+readouts" + "+".join(map(_milliseconds, architecture.readouts)),
    }
    differing = [
        each.name
        for each in fields(architecture)
        if getattr(architecture, each.name) != getattr(base, each.name)
    ]
    name = "".join(parts[each] for each in differing)
    if len(name) <= _LONGEST_NAME:
        return name
    digest = hashlib.sha256(json.dumps(asdict(architecture), sort_keys=True).encode()).hexdigest()
    return f"+{digest[:_DIGEST]}"


def _milliseconds(pair: Pair) -> str:
    return "x".join(f"{1000 * tau:.12g}" for tau in pair)
