"""What a decoder is, whatever its kind: a specification, weights, and ways through a recording.

A recording is decoded chunk by chunk. What a decoder remembers between chunks is passed in and
out explicitly, and no result depends on where the chunks end. The same decoder one sample at a
time, made of layers that are really called, is the reference: see ``nbsuite.models.stepwise``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, TypeAlias

import torch
from torch import Tensor, nn

from nbsuite.errors import UsageError
from nbsuite.models.initialisation import Fluctuations, InputRates
from nbsuite.models.lookahead import Lookahead, lookahead_of
from nbsuite.models.sample_runner import ChunkRunner, SampleRunner
from nbsuite.models.stepwise import State, StepwiseNetwork
from nbsuite.neurons.dropout import NO_DROPOUT, Dropout
from nbsuite.neurons.kernels import TrainingKernelName
from nbsuite.neurons.kernels.parameters import MOST_EVENTS
from nbsuite.neurons.unit_work import Uncounted, UnitWork
from nbsuite.spike_events import SpikeEvents

if TYPE_CHECKING:
    from nbsuite.shapes import (
        Called,
        Calling,
        ChunkOutputs,
        ChunkSpikes,
        WindowOutputs,
        WindowsNeurons,
        WindowStarts,
    )


Group: TypeAlias = tuple[Tensor, ...]
"""Calls of equal shapes: inputs (calls, ...), then the states of a cell, (calls, units) each."""
Calls: TypeAlias = Tensor | Sequence[Group]
"""Inputs of a layer: (calls, ...) where all calls have one shape, or groups of calls."""

VECTORISED = "vectorised"
"""Named in place of a kernel where a decoder computes all steps of a chunk at once."""

FLOATING = (torch.float16, torch.float32, torch.float64)
_EVENTS = (torch.bool, torch.int8, torch.int16)
"""Dtypes that what reads recordings gives, where all values have been looked at."""


class DecoderSpec(Protocol):
    """Everything that fixes a decoder but its weights."""

    kind: ClassVar[str]
    """The kind of decoder, see ``nbsuite.models.kinds``."""

    @property
    def name(self) -> str:
        """The decoder's name, as results print it."""

    @property
    def channels(self) -> int:
        """Number of input channels."""

    @property
    def outputs(self) -> int:
        """Number of decoded values a step."""

    @property
    def step(self) -> float:
        """Length of a step in seconds."""

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values, from which ``nbsuite.models.kinds`` makes it again."""

    def is_possible(self) -> bool:
        """Whether there can be such a decoder."""

    def unit_work(self) -> UnitWork | Uncounted:
        """What its units do in a sample besides synaptic operations, or why that is not known."""


class DecodedChunk(NamedTuple):
    """What a decoder makes of a chunk of time, and what its layers saw meanwhile.

    A *call* is one presentation of one input vector to a layer: one a step in most decoders, none
    in a step that is not computed, several where a decoder has inner steps.

    Attributes:
        outputs: what is decoded, on the CPU: velocity in mm per step
            where the task is reaching.
        inputs: for each group of ``sources()``, its inputs (calls, fan-in): int8 where they are
            spikes of 0 and 1 by construction.
        activations: for each of ``activation_layers``, its outputs (calls, units).
        spikes: hidden spikes on the CPU; None where there is no such thing.
        state: what to pass to the next chunk.
    """

    outputs: ChunkOutputs
    inputs: tuple[Calls, ...]
    activations: tuple[Tensor, ...]
    spikes: ChunkSpikes | None
    state: State


class LayersSeen(NamedTuple):
    """What a run counted of a decoder's layers.

    Attributes:
        emitted: for each of ``activation_layers``, values that it emitted in a sample.
        graded: of all synaptic operations, were none by zero, the share of the layers that had
            inputs other than 0, 1 and -1.
    """

    emitted: tuple[float, ...]
    graded: float


class DecodedWindows(NamedTuple):
    """What a decoder returns for a batch of training windows.

    Attributes:
        outputs: what is decoded.
        counts: number of spikes of every hidden neuron, one layer beside the
            other; None where there are no such neurons.
    """

    outputs: WindowOutputs
    counts: WindowsNeurons | None


class Decoder(nn.Module, ABC):
    """A decoder that runs whole chunks of one recording, batch 1, for inference.

    Attributes:
        spec: everything that fixes it but its weights.
        activation_layers: names of the layers of neurons, in the order in which they act; one
            that acts twice is named twice.
        kernels: names of the ways in which ``decode`` can compute; the first is its choice on a
            CPU.
        precisions: the dtypes that its weights may have, all of them the same.
        origin: the file that its weights are from, for messages; None where there is none.
    """

    spec: Any
    activation_layers: tuple[str, ...]
    kernels: tuple[str, ...] = (VECTORISED,)
    precisions: tuple[torch.dtype, ...] = (torch.float32,)
    origin: str | None = None

    @property
    def dtype(self) -> torch.dtype:
        """Dtype of the weights."""
        return next(self.parameters()).dtype

    @property
    def device(self) -> torch.device:
        """Device of the weights."""
        return next(self.parameters()).device

    @abstractmethod
    def sources(self) -> tuple[tuple[nn.Module, ...], ...]:
        """The layers whose operations NeuroBench counts: those of a group have the same inputs."""

    @abstractmethod
    def decode(
        self, spikes: Tensor, state: State = None, *, kernel: str | None = None
    ) -> DecodedChunk:
        """Decode a chunk of time.

        Args:
            spikes: (steps, channels) input events: 0 or 1, or counts in int16.
            state: what the chunk before returned; None starts afresh.
            kernel: one of ``kernels``; None is the decoder's choice.

        Raises:
            UsageError: the input's shape does not fit, or there is no such kernel.
        """

    @abstractmethod
    def stepwise(self) -> StepwiseNetwork:
        """The same decoder one sample at a time, at its start."""

    def sample_runner(self) -> SampleRunner:
        """The decoder at its start, to be run sample by sample on the CPU."""
        return ChunkRunner(self.decode)

    def lookahead(self, kernel: str | None = None) -> Lookahead:
        """How far it looks ahead when it is given chunks, with the weights that it has: measured.

        Args:
            kernel: one of ``kernels``; None is the decoder's choice.
        """
        return lookahead_of(
            lambda spikes: self.decode(spikes, kernel=kernel).outputs, self.spec.channels
        )

    def easily_driven(self) -> Decoder:
        """A decoder with the same delays through which an impulse gets, where one can be made."""
        return self

    @property
    def trainable(self) -> TrainableDecoder | None:
        """The decoder, where the training stages can train it."""
        return None

    def fault(self) -> str | None:
        """What is wrong with the weights that were loaded, if anything: "has ..."."""
        return None

    def notes(self) -> dict[str, Any]:
        """What the provenance of a run should say of it besides, as JSON values by name.

        ``remarks`` are sentences that people should read with its figures.
        """
        return {}

    def unit_work(self, seen: LayersSeen | None) -> UnitWork | Uncounted:
        """What its units do in a sample besides synaptic operations, or why that is not known.

        Args:
            seen: what a run counted; None where it looked at no layers.
        """
        del seen  # what is specified needs no counting
        work: UnitWork | Uncounted = self.spec.unit_work()
        return work

    def choose_kernel(self, kernel: str | None) -> str:
        """The kernel that is asked for, or else the decoder's choice.

        A decoder that computes all steps at once has no choice, and is asked in vain.

        Raises:
            UsageError: it has no such kernel.
        """
        if kernel is None or self.kernels == (VECTORISED,):
            return self.kernels[0]
        if kernel not in self.kernels:
            raise UsageError(
                f"{self.spec.name} has no kernel '{kernel}'; choose {' or '.join(self.kernels)}."
            )
        return kernel

    def check_input(self, spikes: Tensor) -> Tensor:
        """The chunk on the weights' device: int8 spikes, or int16 where there may be counts.

        Raises:
            UsageError: its shape does not fit, or its values are no numbers of events.
        """
        channels = self.spec.channels
        if spikes.ndim != 2 or spikes.shape[1] != channels or len(spikes) == 0:
            raise UsageError(
                f"{self.spec.name} takes spikes of shape (steps, {channels}), "
                f"not {tuple(spikes.shape)}; pass a recording of {channels} channels."
            )
        dtype = torch.int8 if spikes.dtype in (torch.int8, torch.bool) else torch.int16
        spikes = spikes.to(self.device)
        events = spikes.to(dtype)
        if spikes.dtype not in _EVENTS and not bool(((events == spikes) & (events >= 0)).all()):
            raise UsageError(
                f"{self.spec.name} takes the number of spikes of each channel in a step; pass whole"
                f" numbers from 0 to {MOST_EVENTS:,}."
            )
        return events


class TrainableDecoder(Decoder):
    """A decoder that the training stages can train, by the gradient on windows of a recording."""

    @property
    def trainable(self) -> TrainableDecoder:
        """The decoder."""
        return self

    @property
    def can_halve(self) -> bool:
        """Whether it decodes with weights in half precision."""
        return torch.float16 in self.precisions

    @abstractmethod
    def initialise(self, rates: InputRates, fluctuations: Fluctuations, seed: int) -> None:
        """Draw all weights anew; the same seed gives the same.

        Args:
            rates: how often the input channels fire in the training data.
            fluctuations: how strongly the membranes of spiking neurons are to fluctuate.
            seed: of a random generator of its own.
        """

    @abstractmethod
    def decode_windows(
        self,
        events: SpikeEvents,
        starts: WindowStarts,
        steps: int,
        *,
        dropout: Dropout = NO_DROPOUT,
        kernel: TrainingKernelName = "numba",
    ) -> DecodedWindows:
        """Decode a batch of training windows, each from the start; differentiable.

        Args:
            events: input spikes of consecutive samples.
            starts: the first sample of each window.
            steps: the windows' length in samples.
            dropout: dropout of input and hidden spikes; the counts are of all spikes.
            kernel: how to compute.

        Raises:
            UsageError: the input does not fit, or there is no such kernel.
        """

    def training_remarks(self) -> tuple[str, ...]:
        """What a person should know before it is trained, in sentences."""
        return ()

    def prunable_weights(self) -> dict[str, nn.Parameter]:
        """The weight matrices that pruning takes weights from, by their parameters' names."""
        layers = [layer for source in self.sources() for layer in source]
        counted = {id(each) for layer in layers for each in layer.parameters() if each.ndim > 1}
        return {name: each for name, each in self.named_parameters() if id(each) in counted}


def apply(layer: nn.Linear, inputs: Calling) -> Called:
    """A layer of synapses in float64.

    So a neuron near its threshold decides alike however many steps are computed at once, and
    whether a matrix product adds up its terms in one order or another.
    """
    bias = None if layer.bias is None else layer.bias.double()
    return nn.functional.linear(inputs.double(), layer.weight.double(), bias)
