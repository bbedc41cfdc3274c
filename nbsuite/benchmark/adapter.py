"""Our decoders as NeuroBench models.

NeuroBench feeds a model batches (samples, 1, channels) of consecutive samples and reads, after
each batch, what hooks recorded of the layers. Operations are additive over time, so a layer that
is shown a whole chunk gives the totals of one that is shown its steps one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from neurobench.hooks.neuron import NeuronHook
from neurobench.models import NeuroBenchModel
from torch import Tensor

from nbsuite.benchmark.counting import (
    ConnectionRecord,
    SourceRecord,
    SpikeRecord,
    count_events,
)
from nbsuite.models.rsnn import Decoded, RecurrentDecoder
from nbsuite.neurons.connection import Connection
from nbsuite.neurons.kernels import KernelName, NetworkState

Progress = Callable[[int], None]
HIDDEN_LAYER = "hidden"
CHUNK_STEPS = 8192
"""Steps a layer is shown at once: few enough for the processor's caches, many enough to be fast."""


def _no_events() -> Tensor:
    return torch.zeros(1, dtype=torch.int64)


@dataclass
class Tally:
    """What a run decoded, and its events: the spikes of each input and each hidden neuron."""

    samples: int = 0
    input_events: Tensor = field(default_factory=_no_events)
    hidden_events: Tensor = field(default_factory=_no_events)
    velocity: list[Tensor] = field(default_factory=list)
    spikes: list[Tensor] = field(default_factory=list)


class DecoderModel(NeuroBenchModel):  # type: ignore[misc]
    """What the two ways of presenting a decoder share.

    State is carried from batch to batch; a new model starts afresh, and one model serves one
    ``Benchmark`` only (an old ``Benchmark`` strips its model's hooks when it is collected).

    Args:
        decoder: the decoder.
        progress: receives the number of steps after each piece of work.
    """

    def __init__(self, decoder: RecurrentDecoder, progress: Progress | None = None) -> None:
        super().__init__()
        self.decoder = decoder
        self.tally = Tally()
        self._progress = progress
        self._state: NetworkState | None = None

    def __net__(self) -> RecurrentDecoder:
        """The network whose parameters and buffers NeuroBench counts."""
        return self.decoder

    def activation_layers(self) -> list[dict[str, Any]]:
        """The hidden layer alone: readout units do not spike."""
        return [{"layer_name": HIDDEN_LAYER, "layer": self.decoder.hidden}]

    def connections(self) -> list[Connection]:
        """All connections, as NeuroBench finds them."""
        found: list[Connection] = self.connection_layers()
        return found

    def _run(self, spikes: Tensor, kernel: KernelName) -> Decoded:
        """Decode steps (steps, 1, channels) and carry the state on."""
        decoded: Decoded = self.decoder(
            spikes.to(self.decoder.input.weight.device), self._state, kernel=kernel
        )
        self._state = decoded.state
        return decoded

    def _account(self, inputs: Tensor, spikes: Tensor, velocity: Tensor) -> None:
        """Add steps to the tally: inputs and hidden spikes (steps, ...) of 0 and 1."""
        self.tally.samples += len(inputs)
        self.tally.input_events = self.tally.input_events + count_events(inputs[:, 0])
        self.tally.hidden_events = self.tally.hidden_events + count_events(spikes)
        self.tally.velocity.append(velocity)
        self.tally.spikes.append(spikes)
        if self._progress is not None:
            self._progress(len(inputs))


class ChunkModel(DecoderModel):
    """Decodes with any kernel and shows each layer whole chunks.

    Args:
        decoder: the decoder.
        kernel: the kernel to run.
        chunk_steps: steps in a chunk; results do not depend on it.
        progress: receives the number of steps after each chunk.
    """

    def __init__(
        self,
        decoder: RecurrentDecoder,
        kernel: KernelName,
        chunk_steps: int = CHUNK_STEPS,
        progress: Progress | None = None,
    ) -> None:
        super().__init__(decoder, progress)
        self._kernel = kernel
        self._chunk_steps = chunk_steps

    def register_hooks(self) -> None:
        """Make the records that NeuroBench reads; they are filled by hand, chunk by chunk."""
        self.activation_hooks.append(SpikeRecord(HIDDEN_LAYER))
        first, *others = self.connections()
        self.connection_hooks.extend([SourceRecord([first]), SourceRecord(others)])

    def __call__(self, batch: Tensor) -> Tensor:
        """Decode consecutive samples (samples, 1, channels) into velocities (samples, 2)."""
        return torch.cat([self._chunk(chunk) for chunk in torch.split(batch, self._chunk_steps)])

    def _chunk(self, inputs: Tensor) -> Tensor:
        decoded = self._run(inputs, self._kernel)
        spikes, velocity = _hidden_spikes(decoded), _velocity(decoded)
        self._account(inputs, spikes, velocity)
        for record in self.activation_hooks:
            record.present(spikes)
        # There are no records where none of the chosen metrics reads them.
        for record, source in zip(self.connection_hooks, (inputs[:, 0], spikes), strict=False):
            record.present(source)
        return velocity


class StepModel(DecoderModel):
    """Calls the layers one step at a time, as NeuroBench's own models do.

    The reference for ``ChunkModel``: every count comes from hooks on the layers' own calls.
    """

    def register_hooks(self) -> None:
        """Hook the layers as NeuroBench does, with counts in float64."""
        for layer in self.activation_layers():
            self.activation_hooks.append(NeuronHook(layer["layer"], layer["layer_name"]))
        self.connection_hooks.extend(ConnectionRecord(each) for each in self.connections())

    def __call__(self, batch: Tensor) -> Tensor:
        """Decode consecutive samples (samples, 1, channels) into velocities (samples, 2)."""
        steps = [self._run(sample, "reference") for sample in torch.split(batch, 1)]
        velocity = torch.cat([_velocity(step) for step in steps])
        self._account(batch, torch.cat([_hidden_spikes(step) for step in steps]), velocity)
        return velocity


def _hidden_spikes(decoded: Decoded) -> Tensor:
    """(steps, neurons) int8."""
    return decoded.spikes[:, 0].to("cpu", torch.int8)


def _velocity(decoded: Decoded) -> Tensor:
    """(steps, 2) float32, mm per step."""
    return decoded.velocity[:, 0].to("cpu", torch.float32)
