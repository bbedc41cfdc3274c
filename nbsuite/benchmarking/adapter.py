"""Our decoders as NeuroBench models.

NeuroBench feeds a model batches (samples, 1, channels) of consecutive samples and reads, after
each batch, what hooks recorded of the layers. Operations are additive over time, so a layer that
is shown a whole chunk gives the totals of one that is shown its steps one by one.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from neurobench.models import NeuroBenchModel
from torch import Tensor

from nbsuite.benchmarking.counting import (
    ActivationTally,
    ConnectionRecord,
    LayerTally,
    NeuronRecord,
    SourceRecord,
    SpikeRecord,
)
from nbsuite.benchmarking.streams import ChunkStream, StepStream, chunk_stream, step_stream
from nbsuite.models.kinds import AnyDecoder
from nbsuite.neurons.kernels import KernelName

Progress = Callable[[int], None]
CHUNK_STEPS = 8192
"""Steps a layer is shown at once: few enough for the processor's caches, many enough to be fast."""


@dataclass
class Tally:
    """What a run decoded, and what its layers saw, counted in integers.

    Attributes:
        samples: number of samples.
        connections: operations of the connections; empty where no metric reads them, as are the
            activations.
        activations: outputs of the layers of neurons.
        sparsity: sum over the batches of their samples times the share of outputs that were zero,
            0 in a batch without outputs: the sum that NeuroBench weights.
        velocity: decoded velocities (steps, 2), a piece at a time.
        spikes: hidden spikes (steps, neurons), likewise; empty where there are none.
    """

    samples: int = 0
    connections: list[LayerTally] = field(default_factory=list)
    activations: list[ActivationTally] = field(default_factory=list)
    sparsity: float = 0.0
    velocity: list[Tensor] = field(default_factory=list)
    spikes: list[Tensor] = field(default_factory=list)

    def outputs(self) -> tuple[int, int]:
        """Number of outputs of all layers of neurons so far, and how many of them were zero."""
        values = sum(each.values for each in self.activations)
        return values, values - sum(each.non_zero for each in self.activations)


class DecoderModel(NeuroBenchModel):  # type: ignore[misc]
    """What the two ways of presenting a decoder share.

    State is carried from batch to batch; a new model starts afresh, and one model serves one
    ``Benchmark`` only (an old ``Benchmark`` strips its model's hooks when it is collected).

    Args:
        decoder: the decoder.
        progress: receives the number of steps after each piece of work.
    """

    kernel: str
    _stream: ChunkStream | StepStream

    def __init__(self, decoder: AnyDecoder, progress: Progress | None = None) -> None:
        super().__init__()
        self.decoder = decoder
        self.tally = Tally()
        self._progress = progress

    def __net__(self) -> AnyDecoder:
        """The network whose parameters and buffers NeuroBench counts."""
        return self.decoder

    def __call__(self, batch: Tensor) -> Tensor:
        """Decode consecutive samples (samples, 1, channels) into velocities (samples, 2).

        Raises:
            CheckpointError: a velocity or the state is not finite.
        """
        values_before, zeros_before = self.tally.outputs()
        velocity = self._decode(batch[:, 0])
        self._stream.require_finite(velocity)
        values, zeros = self.tally.outputs()
        if values > values_before:
            share = (zeros - zeros_before) / (values - values_before)
            self.tally.sparsity += share * len(batch)
        self.tally.samples += len(batch)
        self.tally.velocity.append(velocity)
        return velocity

    @abstractmethod
    def _decode(self, spikes: Tensor) -> Tensor:
        """Decode steps (steps, channels) and carry the state on."""

    def _report(self, steps: int) -> None:
        if self._progress is not None:
            self._progress(steps)


class ChunkModel(DecoderModel):
    """Decodes with any kernel and shows each layer whole chunks.

    Args:
        decoder: the decoder.
        kernel: the kernel to run, where the decoder has several.
        chunk_steps: steps in a chunk; results do not depend on it.
        progress: receives the number of steps after each chunk.
    """

    def __init__(
        self,
        decoder: AnyDecoder,
        kernel: KernelName,
        chunk_steps: int = CHUNK_STEPS,
        progress: Progress | None = None,
    ) -> None:
        super().__init__(decoder, progress)
        self._stream: ChunkStream = chunk_stream(decoder, kernel)
        self._chunk_steps = chunk_steps
        self.kernel = self._stream.kernel

    def register_hooks(self) -> None:
        """Make the records that NeuroBench reads; they are filled by hand, chunk by chunk."""
        self.activation_hooks.extend(SpikeRecord(name) for name in self._stream.activation_layers)
        self.connection_hooks.extend(SourceRecord(source) for source in self._stream.sources)
        self.tally.activations = [record.tally for record in self.activation_hooks]
        self.tally.connections = [record.tally for record in self.connection_hooks]

    def _decode(self, spikes: Tensor) -> Tensor:
        return torch.cat([self._chunk(chunk) for chunk in torch.split(spikes, self._chunk_steps)])

    def _chunk(self, spikes: Tensor) -> Tensor:
        decoded = self._stream.advance(spikes)
        # There are no records where none of the chosen metrics reads them.
        for record, outputs in zip(self.activation_hooks, decoded.outputs, strict=False):
            record.present(outputs)
        for record, inputs in zip(self.connection_hooks, decoded.inputs, strict=False):
            record.present(inputs)
        if decoded.spikes is not None:
            self.tally.spikes.append(decoded.spikes)
        self._report(len(spikes))
        return decoded.velocity


class StepModel(DecoderModel):
    """Calls the layers one step at a time, as NeuroBench's own models do.

    The reference for ``ChunkModel``: every count comes from hooks on the layers' own calls.
    """

    kernel = "reference"

    def __init__(self, decoder: AnyDecoder, progress: Progress | None = None) -> None:
        super().__init__(decoder, progress)
        self._stream: StepStream = step_stream(decoder)

    def register_hooks(self) -> None:
        """Hook the layers as NeuroBench does, with counts in float64."""
        for layer in self._stream.activation_layers:
            self.activation_hooks.append(NeuronRecord(layer["layer"], layer["layer_name"]))
        self.connection_hooks.extend(ConnectionRecord(each) for each in self._stream.connections)
        self.tally.activations = [record.tally for record in self.activation_hooks]
        self.tally.connections = [record.tally for record in self.connection_hooks]

    def _decode(self, spikes: Tensor) -> Tensor:
        steps = [self._stream.advance(sample) for sample in torch.split(spikes, 1)]
        self.tally.spikes.extend(step.spikes for step in steps if step.spikes is not None)
        self._report(len(spikes))
        return torch.cat([step.velocity for step in steps])
