"""Our decoders as NeuroBench models.

NeuroBench feeds a model batches (samples, 1, channels) of consecutive samples and reads, after
each batch, what hooks recorded of the layers. Operations are additive over time, so a layer that
is shown a whole chunk gives the totals of one that is shown its steps one by one.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

import torch
from neurobench.models import NeuroBenchModel, TorchModel
from torch import Tensor

from nbsuite.benchmarking.counting import (
    ActivationTally,
    ConnectionRecord,
    LayerTally,
    NeuronRecord,
    SourceRecord,
    SpikeRecord,
)
from nbsuite.models.decoder import Decoder, LayersSeen
from nbsuite.models.finite import require_finite
from nbsuite.models.stepwise import State

if TYPE_CHECKING:
    from nbsuite.shapes import ChunkOutputs, LoadedBatch, SampleOutputRows, StepsChannels


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
        sparsity: sum over the batches of their samples times the share of activations that were
            zero, 0 in a batch without any: the sum that NeuroBench weights.
        outputs: what was decoded (steps, outputs), a piece at a time.
        spikes: hidden spikes (steps, neurons), a piece at a time; empty where there are none.
    """

    samples: int = 0
    connections: list[LayerTally] = field(default_factory=list)
    activations: list[ActivationTally] = field(default_factory=list)
    sparsity: float = 0.0
    outputs: list[Tensor] = field(default_factory=list)
    spikes: list[Tensor] = field(default_factory=list)

    def activated(self) -> tuple[int, int]:
        """Number of outputs of all layers of neurons so far, and how many of them were zero."""
        values = sum(each.values for each in self.activations)
        return values, values - sum(each.non_zero for each in self.activations)

    def layers(self) -> LayersSeen | None:
        """What the layers did, in a sample; None where no connection was counted."""
        dense = sum(each.dense for each in self.connections)
        if not dense:
            return None
        graded = sum(each.dense for each in self.connections if each.macs)
        emitted = tuple(each.values / self.samples for each in self.activations)
        return LayersSeen(emitted, graded / dense)


class DecoderModel(NeuroBenchModel):  # type: ignore[misc]
    """What the two ways of presenting a decoder share.

    State is carried from batch to batch; a new model starts afresh, and one model serves one
    ``Benchmark`` only (an old ``Benchmark`` strips its model's hooks when it is collected).

    Args:
        decoder: the decoder.
        restarts: samples before which it starts afresh, in order; the first sample is always one.
        progress: receives the number of steps after each piece of work.
    """

    kernel: str
    per_step: ClassVar[bool]

    def __init__(
        self,
        decoder: Decoder,
        restarts: Sequence[int] = (),
        progress: Progress | None = None,
    ) -> None:
        super().__init__()
        self.decoder = decoder
        self.tally = Tally()
        self._restarts = restarts
        self._progress = progress

    def __net__(self) -> Decoder:
        """The network whose parameters and buffers NeuroBench counts."""
        return self.decoder

    def __call__(self, batch: LoadedBatch) -> SampleOutputRows:
        """Decode consecutive samples.

        Raises:
            CheckpointError: an output or the state is not finite.
        """
        values_before, zeros_before = self.tally.activated()
        pieces = []
        for start, stop in self._stretches(len(batch)):
            if self.tally.samples + start in self._restarts:
                self._restart()
            pieces.append(self._decode(batch[start:stop, 0]))
            require_finite(self.decoder, pieces[-1], self._remembered())
        outputs = torch.cat(pieces)
        values, zeros = self.tally.activated()
        if values > values_before:
            share = (zeros - zeros_before) / (values - values_before)
            self.tally.sparsity += share * len(batch)
        self.tally.samples += len(batch)
        self.tally.outputs.append(outputs)
        return outputs

    def _stretches(self, samples: int) -> Iterator[tuple[int, int]]:
        """The parts of a batch between which the decoder starts afresh."""
        first = self.tally.samples
        inner = [each - first for each in self._restarts if first < each < first + samples]
        return pairwise([0, *inner, samples])

    @abstractmethod
    def _decode(self, spikes: StepsChannels) -> ChunkOutputs:
        """Decode steps and carry the state on."""

    @abstractmethod
    def _restart(self) -> None:
        """Return to where every recording starts."""

    @abstractmethod
    def _remembered(self) -> State:
        """The state after what was decoded last."""

    def _report(self, steps: int) -> None:
        if self._progress is not None:
            self._progress(steps)


class ChunkModel(DecoderModel):
    """Decodes whole chunks and shows each layer what it would have seen.

    Args:
        decoder: the decoder.
        kernel: the kernel to run; None is the decoder's choice.
        chunk_steps: steps in a chunk; results do not depend on it.
        restarts: see ``DecoderModel``.
        progress: receives the number of steps after each chunk.
    """

    per_step = False

    def __init__(
        self,
        decoder: Decoder,
        kernel: str | None = None,
        chunk_steps: int = CHUNK_STEPS,
        restarts: Sequence[int] = (),
        progress: Progress | None = None,
    ) -> None:
        super().__init__(decoder, restarts, progress)
        self.kernel = decoder.choose_kernel(kernel)
        self._chunk_steps = chunk_steps
        self._state: State = None

    def register_hooks(self) -> None:
        """Make the records that NeuroBench reads; they are filled by hand, chunk by chunk."""
        self.activation_hooks.extend(SpikeRecord(name) for name in self.decoder.activation_layers)
        self.connection_hooks.extend(SourceRecord(source) for source in self.decoder.sources())
        self.tally.activations = [record.tally for record in self.activation_hooks]
        self.tally.connections = [record.tally for record in self.connection_hooks]

    def _decode(self, spikes: StepsChannels) -> ChunkOutputs:
        return torch.cat([self._chunk(chunk) for chunk in torch.split(spikes, self._chunk_steps)])

    def _chunk(self, spikes: StepsChannels) -> ChunkOutputs:
        decoded = self.decoder.decode(spikes, self._state, kernel=self.kernel)
        self._state = decoded.state
        # There are no records where none of the chosen metrics reads them.
        for record, activations in zip(self.activation_hooks, decoded.activations, strict=False):
            record.present(activations)
        for record, inputs in zip(self.connection_hooks, decoded.inputs, strict=False):
            record.present(inputs)
        if decoded.spikes is not None:
            self.tally.spikes.append(decoded.spikes)
        self._report(len(spikes))
        return decoded.outputs

    def _restart(self) -> None:
        self._state = None

    def _remembered(self) -> State:
        return self._state


class StepModel(DecoderModel):
    """Calls the layers one step at a time, as NeuroBench's own models do.

    The reference for ``ChunkModel``: every count comes from hooks on the layers' own calls.
    """

    kernel = "reference"
    per_step = True

    def __init__(
        self,
        decoder: Decoder,
        restarts: Sequence[int] = (),
        progress: Progress | None = None,
    ) -> None:
        super().__init__(decoder, restarts, progress)
        self._network = decoder.stepwise()

    def register_hooks(self) -> None:
        """Hook the layers as NeuroBench does, with exact counts."""
        for name, layer in self._network.neurons:
            self.activation_hooks.append(NeuronRecord(layer, name))
        for layer in TorchModel(self._network.network).connection_layers():
            self.connection_hooks.append(ConnectionRecord(layer))
        self.tally.activations = [record.tally for record in self.activation_hooks]
        self.tally.connections = [record.tally for record in self.connection_hooks]

    def _decode(self, spikes: StepsChannels) -> ChunkOutputs:
        steps = [self._network.step(sample) for sample in torch.split(spikes, 1)]
        self.tally.spikes.extend(step.spikes for step in steps if step.spikes is not None)
        self._report(len(spikes))
        return torch.cat([step.outputs for step in steps])

    def _restart(self) -> None:
        self._network.reset()

    def _remembered(self) -> State:
        return self._network.state
