"""tinyRSNN and bigRSNN: one recurrent spiking layer and leaky readouts."""

from __future__ import annotations

from typing import NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nbsuite.data.events import SpikeEvents
from nbsuite.errors import UsageError
from nbsuite.models.registry import INITIAL_READOUT, OUTPUTS, ModelSpec
from nbsuite.neurons import kernels
from nbsuite.neurons.connection import Connection
from nbsuite.neurons.dropout import NO_DROPOUT, Dropout, dropout_mask
from nbsuite.neurons.kernels import KernelName, NetworkState, TrainingKernelName
from nbsuite.neurons.layers import LeakyReadout, RecurrentSynaptic
from nbsuite.neurons.timescales import TimeConstants


class Decoded(NamedTuple):
    """What a decoder returns for a chunk of time.

    Attributes:
        velocity: (steps, batch, 2) decoded velocity, mm per 4 ms step: the readout heads' mean.
        spikes: (steps, batch, neurons) hidden spikes; in the weights' dtype from the reference
            kernel, int8 from the others.
        heads: (steps, heads, batch, 2) output of every readout head.
        state: the state after the chunk, to be passed on to the next.
    """

    velocity: Tensor
    spikes: Tensor
    heads: Tensor
    state: NetworkState


class DecodedWindows(NamedTuple):
    """What a decoder returns for a batch of training windows.

    Attributes:
        velocity: (steps, windows, 2) decoded velocity, mm per 4 ms step: the heads' mean.
        counts: (windows, neurons) number of spikes of every hidden neuron.
    """

    velocity: Tensor
    counts: Tensor


class RecurrentDecoder(nn.Module):
    """A recurrent spiking decoder of finger velocity.

    Input spikes project onto recurrently connected spiking neurons, whose spikes project onto
    one or more heads of two leaky readout units (x and y); the heads are averaged.

    >>> from nbsuite.models.registry import model_spec
    >>> decoder = RecurrentDecoder(model_spec("tinyRSNN", channels=96))
    >>> decoder(torch.zeros(250, 1, 96)).velocity.shape
    torch.Size([250, 1, 2])

    Attributes:
        spec: everything that fixes it but its weights.
        origin: the file that its weights are from, for messages; None where there is none.
    """

    origin: str | None = None

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__()
        self.spec = spec
        self.input = Connection(spec.channels, spec.neurons)
        self.hidden = RecurrentSynaptic(spec.neurons, TimeConstants(*spec.hidden))
        self.output = nn.ModuleList(Connection(spec.neurons, OUTPUTS) for _ in spec.readouts)
        self.readout = nn.ModuleList(
            LeakyReadout(OUTPUTS, TimeConstants(*tau), INITIAL_READOUT) for tau in spec.readouts
        )

    @property
    def dtype(self) -> torch.dtype:
        """Dtype of the weights, and of all arithmetic."""
        return self.input.weight.dtype

    def heads(self) -> list[tuple[Connection, LeakyReadout]]:
        """The readout heads: each a connection from the hidden neurons and its units."""
        return cast(
            "list[tuple[Connection, LeakyReadout]]",
            list(zip(self.output, self.readout, strict=True)),
        )

    def initial_state(self, batch: int = 1) -> NetworkState:
        """The state every recording starts from."""
        return NetworkState(
            self.hidden.initial_state(batch),
            tuple(readout.initial_state(batch) for _, readout in self.heads()),
        )

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

    def parameters_for_kernel(self) -> kernels.NetworkParameters:
        """Weights and decays as the kernels take them."""
        return kernels.NetworkParameters(
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
