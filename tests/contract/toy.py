"""A decoder that nbsuite does not know: two layers of spiking neurons without reset by currents.

    m' = DECAY m (1 - s) + W1 x,   s = [m' > 1]
    n' = DECAY n (1 - z) + W2 s,   z = [n' > 1]
    o' = DECAY o + W3 z

Everything that the suite asks of a decoder is here; ``kind`` registers it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nbsuite.models.buffered import BufferedNetwork
from nbsuite.models.decoder import DecodedChunk, DecodedWindows, TrainableDecoder
from nbsuite.models.initialisation import Fluctuations, InputRates
from nbsuite.models.kinds import Kind
from nbsuite.models.stepwise import State, StepwiseNetwork
from nbsuite.neurons.dropout import NO_DROPOUT, Dropout
from nbsuite.neurons.kernels import TrainingKernelName
from nbsuite.neurons.surrogate import superspike
from nbsuite.neurons.unit_work import UnitUpdate, UnitWork
from nbsuite.spike_events import SpikeEvents

DECAY = 0.9
UNITS = (12, 8)


@dataclass(frozen=True)
class ToySpec:
    """The toy's name and sizes."""

    kind: ClassVar[str] = "toy"

    name: str
    channels: int
    outputs: int = 2
    step: float = 0.004

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, **asdict(self)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> ToySpec:
        return cls(**{key: value for key, value in values.items() if key != "kind"})

    def unit_work(self) -> UnitWork:
        return UnitWork.of(UnitUpdate(multiplies=1, adds=2, reads=2, writes=2), sum(UNITS))

    def is_possible(self) -> bool:
        return self.channels > 0 and self.outputs > 0

    def spec(self, channels: int, outputs: int, step: float) -> ToySpec:
        """So that a toy can be asked for in a run."""
        return ToySpec(self.name, channels, outputs, step)


class Neurons(nn.Module):
    """A layer of neurons; the state is a buffer only where it runs sample by sample."""

    mem: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mem", torch.zeros(()), persistent=False)

    def forward(self, current: Tensor) -> Tensor:
        self.mem, spikes = _fire(self.mem, current)
        return spikes


def _fire(membrane: Tensor, current: Tensor) -> tuple[Tensor, Tensor]:
    membrane = DECAY * membrane * (membrane <= 1) + current
    return membrane, superspike(membrane - 1)


class _Steps(nn.Module):
    """The toy as NeuroBench would be given it."""

    out: Tensor

    def __init__(self, spec: ToySpec) -> None:
        super().__init__()
        self.fc1 = nn.Linear(spec.channels, UNITS[0], bias=False)
        self.fc2 = nn.Linear(*UNITS, bias=False)
        self.fc3 = nn.Linear(UNITS[1], spec.outputs, bias=False)
        self.first, self.second = Neurons(), Neurons()
        self.register_buffer("out", torch.zeros(()), persistent=False)

    def forward(self, sample: Tensor) -> Tensor:
        spikes = self.second(self.fc2(self.first(self.fc1(sample))))
        self.out = DECAY * self.out + self.fc3(spikes)
        return self.out


class Toy(TrainableDecoder):
    """Two layers, in float64, a step at a time."""

    activation_layers = ("first", "second")
    spec: ToySpec

    def __init__(self, spec: ToySpec) -> None:
        super().__init__()
        self.spec = spec
        self.fc1 = nn.Linear(spec.channels, UNITS[0], bias=False)
        self.fc2 = nn.Linear(*UNITS, bias=False)
        self.fc3 = nn.Linear(UNITS[1], spec.outputs, bias=False)

    def sources(self) -> tuple[tuple[nn.Module, ...], ...]:
        return (self.fc1,), (self.fc2,), (self.fc3,)

    @torch.no_grad()
    def decode(
        self, spikes: Tensor, state: State = None, *, kernel: str | None = None
    ) -> DecodedChunk:
        del kernel
        events = self.check_input(spikes)
        decoded, emitted, state = self._run(events.double()[:, None], state, torch.float64)
        first, second = (each[:, 0].to("cpu", torch.int8) for each in emitted)
        return DecodedChunk(
            outputs=decoded[:, 0].to("cpu", torch.float32),
            inputs=(events, first, second),
            activations=(first, second),
            spikes=torch.cat([first, second], dim=1),
            state=state,
        )

    def _run(
        self, inputs: Tensor, state: State, dtype: torch.dtype
    ) -> tuple[Tensor, list[Tensor], State]:
        """Outputs and spikes of each layer, (steps, batch, units) each, and the state."""
        weights = [layer.weight.to(dtype) for layer in (self.fc1, self.fc2, self.fc3)]
        zeros = [inputs.new_zeros(inputs.shape[1], len(weight)) for weight in weights]
        membranes = zeros if state is None else list(state)
        outputs, emitted = [], []
        for signal in inputs:
            spikes = []
            for index, weight in enumerate(weights[:2]):
                membranes[index], signal = _fire(membranes[index], signal @ weight.T)
                spikes.append(signal)
            membranes[2] = DECAY * membranes[2] + signal @ weights[2].T
            outputs.append(membranes[2])
            emitted.append(spikes)
        layers = [torch.stack(each) for each in zip(*emitted, strict=True)]
        return torch.stack(outputs), layers, tuple(membranes)

    def stepwise(self) -> StepwiseNetwork:
        return BufferedNetwork(self, _Steps(self.spec))

    def initialise(self, rates: InputRates, fluctuations: Fluctuations, seed: int) -> None:
        del rates, fluctuations
        random = torch.Generator().manual_seed(seed)
        for parameter in self.parameters():
            nn.init.normal_(parameter, 0.1, 0.4, generator=random)

    def decode_windows(
        self,
        events: SpikeEvents,
        starts: NDArray[np.int64],
        steps: int,
        *,
        dropout: Dropout = NO_DROPOUT,
        kernel: TrainingKernelName = "numba",
    ) -> DecodedWindows:
        del dropout, kernel
        inputs = torch.from_numpy(events.dense(starts, steps)).to(self.fc1.weight)
        outputs, emitted, _ = self._run(inputs, None, torch.float32)
        return DecodedWindows(outputs, torch.cat([each.sum(dim=0) for each in emitted], dim=1))


KIND = Kind(ToySpec.from_json, Toy)
