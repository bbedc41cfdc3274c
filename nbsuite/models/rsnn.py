"""tinyRSNN and bigRSNN: one recurrent spiking layer and leaky readouts."""

from __future__ import annotations

from typing import NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nbsuite.data.events import SpikeEvents
from nbsuite.errors import UsageError
from nbsuite.models.decoder import FLOATING, DecodedChunk, State
from nbsuite.models.registry import INITIAL_READOUT, OUTPUTS, ModelSpec
from nbsuite.models.stepwise import Step, StepwiseNetwork
from nbsuite.models.trainable import DecodedWindows, TrainableDecoder
from nbsuite.neurons import kernels
from nbsuite.neurons.connection import Connection
from nbsuite.neurons.dropout import NO_DROPOUT, Dropout, dropout_mask
from nbsuite.neurons.kernels import (
    KernelName,
    NetworkParameters,
    NetworkState,
    TrainingKernelName,
)
from nbsuite.neurons.layers import LeakyReadout, RecurrentSynaptic
from nbsuite.neurons.timescales import TimeConstants

HIDDEN_LAYER = "hidden"


class Decoded(NamedTuple):
    """What a recurrent decoder returns for a chunk of time of several recordings.

    Attributes:
        outputs: (steps, batch, outputs) what is decoded: the readout heads' mean.
        spikes: (steps, batch, neurons) hidden spikes; in the weights' dtype from the reference
            kernel, int8 from the others.
        heads: (steps, heads, batch, 2) output of every readout head.
        state: the state after the chunk, to be passed on to the next.
    """

    outputs: Tensor
    spikes: Tensor
    heads: Tensor
    state: NetworkState


class RecurrentDecoder(TrainableDecoder):
    """A recurrent spiking decoder of finger velocity.

    Input spikes project onto recurrently connected spiking neurons, whose spikes project onto
    one or more heads of two leaky readout units (x and y); the heads are averaged.

    >>> from nbsuite.models.registry import model_spec
    >>> decoder = RecurrentDecoder(model_spec("tinyRSNN", channels=96))
    >>> decoder(torch.zeros(250, 1, 96)).outputs.shape
    torch.Size([250, 1, 2])
    """

    activation_layers = (HIDDEN_LAYER,)
    kernels = ("numba", "reference")
    precisions = FLOATING
    spec: ModelSpec

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__()
        self.spec = spec
        self.input = Connection(spec.channels, spec.neurons)
        self.hidden = RecurrentSynaptic(spec.neurons, TimeConstants(*spec.hidden))
        self.output = nn.ModuleList(Connection(spec.neurons, OUTPUTS) for _ in spec.readouts)
        self.readout = nn.ModuleList(
            LeakyReadout(OUTPUTS, TimeConstants(*tau), INITIAL_READOUT) for tau in spec.readouts
        )

    def heads(self) -> list[tuple[Connection, LeakyReadout]]:
        """The readout heads: each a connection from the hidden neurons and its units."""
        return cast(
            "list[tuple[Connection, LeakyReadout]]",
            list(zip(self.output, self.readout, strict=True)),
        )

    def sources(self) -> tuple[tuple[nn.Module, ...], ...]:
        """The input's connection; hidden spikes leave through several."""
        outputs = (connection for connection, _ in self.heads())
        return (self.input,), (self.hidden.recurrent, *outputs)

    def initial_state(self, batch: int = 1) -> NetworkState:
        """The state every recording starts from."""
        return NetworkState(
            self.hidden.initial_state(batch),
            tuple(readout.initial_state(batch) for _, readout in self.heads()),
        )

    def choose_kernel(self, kernel: str | None) -> str:
        """See ``Decoder``; off the CPU the choice is the reference."""
        if kernel is None and self.device.type != "cpu":
            return "reference"
        return super().choose_kernel(kernel)

    @torch.no_grad()
    def decode(
        self, spikes: Tensor, state: State = None, *, kernel: str | None = None
    ) -> DecodedChunk:
        """Decode a chunk of time; see ``Decoder``. The state is a ``NetworkState``."""
        chosen = self.choose_kernel(kernel)
        events = self.check_input(spikes)
        decoded: Decoded = self(events[:, None], state, kernel=cast("KernelName", chosen))
        hidden = decoded.spikes[:, 0].to("cpu", torch.int8)
        return DecodedChunk(
            outputs=decoded.outputs[:, 0].to("cpu", torch.float32),
            inputs=(events, hidden),
            activations=(hidden,),
            spikes=hidden,
            state=decoded.state,
        )

    def stepwise(self) -> StepwiseNetwork:
        """The decoder itself, whose layers are called once a step."""
        return _RecurrentSteps(self)

    def forward(
        self,
        spikes: Tensor,
        state: NetworkState | None = None,
        *,
        kernel: KernelName = "reference",
    ) -> Decoded:
        """Decode a chunk of time; chunks give what the whole gives when the state is passed on.

        Args:
            spikes: (steps, batch, channels) input spikes, 0 or 1, any dtype.
            state: the state before the chunk; None starts afresh.
            kernel: ``reference`` (torch, differentiable, any device) or ``numba`` (fast,
                inference only, CPU).

        Raises:
            UsageError: the input's shape, the dtype or the device does not fit.
        """
        self._check(spikes)
        state = self.initial_state(spikes.shape[1]) if state is None else state
        if kernel == "reference":
            hidden, heads, state = self._run_layers(spikes.to(self.dtype), state)
        else:
            hidden, heads, state = kernels.run(kernel, self.parameters_for_kernel(), spikes, state)
        return Decoded(_mean_of_heads(heads), hidden, heads, state)

    def decode_windows(
        self,
        events: SpikeEvents,
        starts: NDArray[np.int64],
        steps: int,
        *,
        dropout: Dropout = NO_DROPOUT,
        kernel: TrainingKernelName = "numba",
    ) -> DecodedWindows:
        """Decode a batch of training windows, each from the initial state; differentiable.

        Args:
            events: input spikes of consecutive samples.
            starts: (windows,) the first sample of each window.
            steps: the windows' length in samples.
            dropout: dropout of input and hidden spikes; the counts are of all spikes.
            kernel: ``reference`` (torch's automatic differentiation, any device), ``numba``
                (fused, event-driven, float32 or float64 on a CPU) or ``triton`` (fused, on a
                GPU, for small hidden layers).

        Raises:
            UsageError: the channels, the dtype, the device or the number of neurons does not fit,
                or the kernel is not installed.
        """
        if events.channels != self.spec.channels:
            raise UsageError(
                f"{self.spec.name} takes spikes of {self.spec.channels} channels, "
                f"not {events.channels}; pass a recording of that many."
            )
        if kernel == "reference":
            return self._decode_windows_by_layers(events, starts, steps, dropout)
        heads, counts = kernels.run_windows(
            kernel,
            self.parameters_for_kernel(),
            events,
            starts,
            steps,
            INITIAL_READOUT,
            dropout,
        )
        return DecodedWindows(_mean_of_heads(heads), counts)

    def _decode_windows_by_layers(
        self, events: SpikeEvents, starts: NDArray[np.int64], steps: int, dropout: Dropout
    ) -> DecodedWindows:
        weight = self.input.weight
        spikes = torch.from_numpy(events.dense(starts, steps)).to(weight)
        windows, state = len(starts), self.initial_state(len(starts))
        if dropout.input:
            spikes = spikes * dropout_mask(
                dropout.of_input(), steps, windows, self.spec.channels, weight
            )
        mask = None
        if dropout.hidden:
            mask = dropout_mask(dropout.of_hidden(), steps, windows, self.spec.neurons, weight)
        hidden, heads, _ = self._run_layers(spikes, state, mask)
        return DecodedWindows(_mean_of_heads(heads), hidden.sum(dim=0))

    def _run_layers(
        self, spikes: Tensor, state: NetworkState, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor, NetworkState]:
        hidden, hidden_state = self.hidden(self.input(spikes), state.hidden, mask)
        sent = hidden if mask is None else hidden * mask
        results = [
            readout(connection(sent), before)
            for (connection, readout), before in zip(self.heads(), state.readouts, strict=True)
        ]
        outputs = torch.stack([output for output, _ in results], dim=1)
        return hidden, outputs, NetworkState(hidden_state, tuple(after for _, after in results))

    def parameters_for_kernel(self) -> NetworkParameters:
        """Weights and decays as the kernels take them."""
        return NetworkParameters(
            input=self.input.weight,
            recurrent=self.hidden.recurrent.weight,
            outputs=tuple(connection.weight for connection, _ in self.heads()),
            hidden=(self.hidden.alpha, self.hidden.beta),
            readouts=tuple((readout.alpha, readout.beta) for _, readout in self.heads()),
        )

    @torch.no_grad()
    def fault(self) -> str | None:
        """What is wrong with the time constants that were loaded, if anything."""
        parameters = self.parameters_for_kernel()
        for pair in (parameters.hidden, *parameters.readouts):
            # NaN is not in any range.
            if not all(bool(((decays >= 0) & (decays <= 1)).all()) for decays in pair):
                return "has time constants whose decay is not from 0 to 1"
        return None

    def _check(self, spikes: Tensor) -> None:
        if spikes.ndim != 3 or spikes.shape[2] != self.spec.channels:
            raise UsageError(
                f"{self.spec.name} takes spikes of shape (steps, batch, {self.spec.channels}), "
                f"not {tuple(spikes.shape)}; pass a recording of {self.spec.channels} channels."
            )
        if spikes.shape[0] == 0:
            raise UsageError(f"{self.spec.name} was given no time steps; pass at least one.")


class _RecurrentSteps(StepwiseNetwork):
    """A recurrent spiking decoder sample by sample.

    The hidden neurons alone count as activations: readout units do not spike.
    """

    def __init__(self, decoder: RecurrentDecoder) -> None:
        self.network = decoder
        self.neurons = ((HIDDEN_LAYER, decoder.hidden),)
        self._decoder = decoder
        self._state: State = None

    def step(self, sample: Tensor) -> Step:
        """Decode the next sample (1, channels)."""
        chunk = self._decoder.decode(sample, self._state, kernel="reference")
        self._state = chunk.state
        return Step(chunk.outputs, chunk.spikes)

    def reset(self) -> None:
        """Return to where every recording starts."""
        self._state = None

    @property
    def state(self) -> State:
        """State of the layers."""
        return self._state


def tensor_shapes(spec: ModelSpec) -> dict[str, tuple[int, ...]]:
    """Names and shapes of ``RecurrentDecoder(spec).state_dict()``, without building it."""
    shapes: dict[str, tuple[int, ...]] = {
        "input.weight": (spec.neurons, spec.channels),
        "hidden.recurrent.weight": (spec.neurons, spec.neurons),
        **_decay_shapes("hidden", spec.neurons),
    }
    for head in range(len(spec.readouts)):
        shapes[f"output.{head}.weight"] = (OUTPUTS, spec.neurons)
        shapes |= _decay_shapes(f"readout.{head}", OUTPUTS)
    return shapes


def _decay_shapes(layer: str, neurons: int) -> dict[str, tuple[int, ...]]:
    return {f"{layer}.parametrizations.{name}.original": (neurons,) for name in ("alpha", "beta")}


def _mean_of_heads(heads: Tensor) -> Tensor:
    """Sum over heads in order, then divide: the order that stork adds them in.

    Half precision is added in float32 and rounded once, as ``torch.mean`` does.
    """
    if heads.shape[1] == 1:
        return heads[:, 0]
    summands = heads.float() if heads.dtype == torch.float16 else heads
    total = summands[:, 0]
    for index in range(1, heads.shape[1]):
        total = total + summands[:, index]
    return (total / heads.shape[1]).to(heads.dtype)
