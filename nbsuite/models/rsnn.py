"""Spiking decoders such as tinyRSNN and bigRSNN: hidden spiking layers and leaky readouts."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, NamedTuple, cast

import torch
from torch import Tensor, nn

from nbsuite.errors import UsageError
from nbsuite.models.decoder import (
    FLOATING,
    DecodedChunk,
    DecodedWindows,
    TrainableDecoder,
)
from nbsuite.models.fused_runner import FusedRunner
from nbsuite.models.initialisation import Fluctuations, InputRates, draw_network
from nbsuite.models.lookahead import Lookahead, lookahead_of_many
from nbsuite.models.rsnn_layers import mean_of_heads, run_layers, run_windows
from nbsuite.models.rsnn_layout import layer_keys
from nbsuite.models.rsnn_steps import RecurrentSteps
from nbsuite.models.sample_runner import SampleRunner
from nbsuite.models.spec import INITIAL_READOUT, ModelSpec
from nbsuite.models.stepwise import State, StepwiseNetwork
from nbsuite.neurons import kernels
from nbsuite.neurons.cells import CELLS
from nbsuite.neurons.cells.lif import THRESHOLD
from nbsuite.neurons.connection import Connection
from nbsuite.neurons.dropout import NO_DROPOUT, Dropout
from nbsuite.neurons.kernels import KernelName, TrainingKernelName
from nbsuite.neurons.kernels.parameters import LayerParameters, NetworkParameters, NetworkState
from nbsuite.neurons.layers import (
    FeedForwardSynaptic,
    LeakyReadout,
    RecurrentSynaptic,
    SpikingLayer,
)
from nbsuite.neurons.timescales import TimeConstants
from nbsuite.spike_events import SpikeEvents

if TYPE_CHECKING:
    from nbsuite.shapes import (
        StepsBatchOutputs,
        StepsBatchSpikes,
        StepsHeadsBatchOutputs,
        WindowStarts,
    )


class Decoded(NamedTuple):
    """What a recurrent decoder returns for a chunk of time of several recordings.

    Attributes:
        outputs: what is decoded: the readout heads' mean.
        spikes: hidden spikes, one layer beside the other; in the weights' dtype from the reference
            kernel, int8 from the others.
        heads: output of every readout head.
        state: the state after the chunk, to be passed on to the next.
    """

    outputs: StepsBatchOutputs
    spikes: StepsBatchSpikes
    heads: StepsHeadsBatchOutputs
    state: NetworkState


class RecurrentDecoder(TrainableDecoder):
    """A decoder of spiking neurons.

    Input spikes project onto a layer of spiking neurons, recurrently connected or not, and that one
    onto the next; the spikes of the last project onto one or more heads of leaky readout units; the
    heads are averaged.

    >>> tiny = ModelSpec("tiny", 96, 64, hidden=(0.02, 0.01), readouts=((0.05, 0.01),))
    >>> decoder = RecurrentDecoder(tiny)
    >>> decoder(torch.zeros(250, 1, 96)).outputs.shape
    torch.Size([250, 1, 2])
    """

    precisions = FLOATING
    spec: ModelSpec
    input: Connection

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__()
        self.spec, self.cell = spec, CELLS[spec.cell]
        self.activation_layers = spec.layer_names
        self.kernels = ("numba", "reference") if self.cell.fused else ("reference",)
        make_layer = RecurrentSynaptic if spec.recurrent else FeedForwardSynaptic
        for index, (source, layer) in enumerate(layer_keys(spec)):
            fan_in = spec.neurons if index else spec.channels
            self.add_module(source, Connection(fan_in, spec.neurons))
            tau = TimeConstants(*spec.hidden)
            self.add_module(layer, make_layer(spec.neurons, tau, spec.step, self.cell))
        self.output = nn.ModuleList(Connection(spec.neurons, spec.outputs) for _ in spec.readouts)
        self.readout = nn.ModuleList(
            LeakyReadout(spec.outputs, TimeConstants(*tau), spec.step, INITIAL_READOUT, self.cell)
            for tau in spec.readouts
        )

    def layers(self) -> list[tuple[Connection, SpikingLayer]]:
        """The hidden layers: each its connection from the spikes before it, and its neurons."""
        modules = self._modules
        return cast(
            "list[tuple[Connection, SpikingLayer]]",
            [(modules[source], modules[layer]) for source, layer in layer_keys(self.spec)],
        )

    def heads(self) -> list[tuple[Connection, LeakyReadout]]:
        """The readout heads: each a connection from the last hidden layer and its units."""
        return cast(
            "list[tuple[Connection, LeakyReadout]]",
            list(zip(self.output, self.readout, strict=True)),
        )

    def sources(self) -> tuple[tuple[nn.Module, ...], ...]:
        """The input's connection, and those through which the spikes of each hidden layer leave."""
        layers = self.layers()
        outputs = tuple(connection for connection, _ in self.heads())
        onwards = [*((connection,) for connection, _ in layers[1:]), outputs]
        leaving = [
            targets if layer.recurrent is None else (layer.recurrent, *targets)
            for (_, layer), targets in zip(layers, onwards, strict=True)
        ]
        return (self.input,), *leaving

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
        chosen = cast("KernelName", self.choose_kernel(kernel))
        events = self.check_input(spikes)
        decoded: Decoded = self(events[:, None], state, kernel=chosen)
        hidden = decoded.spikes[:, 0].to("cpu", torch.int8)
        by_layer = torch.split(hidden, self.spec.neurons, dim=1)
        return DecodedChunk(
            outputs=decoded.outputs[:, 0].to("cpu", torch.float32),
            inputs=(events, *by_layer),
            activations=by_layer,
            spikes=hidden,
            state=decoded.state,
        )

    @torch.no_grad()
    def lookahead(self, kernel: str | None = None) -> Lookahead:
        """See ``Decoder``; all sequences at once."""
        chosen = cast("KernelName", self.choose_kernel(kernel))

        def decode(sequences: Tensor) -> Tensor:
            spikes = sequences.transpose(0, 1).to(self.device)
            decoded: Decoded = self(spikes, kernel=chosen)
            return decoded.outputs.transpose(0, 1)

        return lookahead_of_many(decode, self.spec.channels)

    def initialise(self, rates: InputRates, fluctuations: Fluctuations, seed: int) -> None:
        """Draw weights and time constants anew, see ``nbsuite.models.initialisation``."""
        draw_network(self.spec, self.layers(), self.heads(), rates, fluctuations, seed)

    def sample_runner(self) -> SampleRunner:
        """See ``Decoder``; by the numba kernel, where that runs the cell."""
        if "numba" not in self.kernels:
            return super().sample_runner()
        return FusedRunner(self.parameters_for_kernel(), self.initial_state())

    @torch.no_grad()
    def easily_driven(self) -> RecurrentDecoder:
        """A copy in which the current of one spike takes neurons to twice their threshold.

        Pruned synapses stay pruned.
        """
        driven = copy.deepcopy(self).double()
        for connection, layer in driven.layers():
            strength = 2 * THRESHOLD / (1 - layer.beta)
            weight = connection.weight
            weight.copy_(torch.where(weight != 0, strength[:, None], 0.0))
        return driven

    def stepwise(self) -> StepwiseNetwork:
        """The decoder itself, whose layers are called once a step."""
        return RecurrentSteps(self, [layer for _, layer in self.layers()])

    def initial_state(self, batch: int = 1) -> NetworkState:
        """The state every recording starts from."""
        return NetworkState(
            tuple(layer.initial_state(batch) for _, layer in self.layers()),
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
            spikes: (steps, batch, channels) input spikes, 0 or 1 or counts, any dtype.
            state: the state before the chunk; None starts afresh.
            kernel: ``reference`` (torch, differentiable, any device) or ``numba`` (fast,
                inference only, CPU).

        Raises:
            UsageError: the input's shape, the dtype or the device does not fit.
        """
        self._check(spikes)
        state = self.initial_state(spikes.shape[1]) if state is None else state
        if kernel == "reference":
            hidden, heads, state = run_layers(
                self.layers(), self.heads(), spikes.to(self.dtype), state
            )
        else:
            hidden, heads, state = kernels.run(kernel, self.parameters_for_kernel(), spikes, state)
        return Decoded(mean_of_heads(heads), hidden, heads, state)

    def decode_windows(
        self,
        events: SpikeEvents,
        starts: WindowStarts,
        steps: int,
        *,
        dropout: Dropout = NO_DROPOUT,
        kernel: TrainingKernelName = "numba",
    ) -> DecodedWindows:
        """Decode a batch of training windows; see ``TrainableDecoder``.

        Kernels are ``reference`` (torch's automatic differentiation, any device), ``numba`` (fused,
        event-driven, float32 or float64 on a CPU) and ``triton`` (fused, on a GPU, for one small
        recurrent layer). Also refused are a dtype, a device or a number of neurons that the kernel
        does not take, and a kernel that is not installed.
        """
        if events.channels != self.spec.channels:
            raise UsageError(
                f"{self.spec.name} takes spikes of {self.spec.channels} channels, "
                f"not {events.channels}; pass a recording of that many."
            )
        if kernel == "reference":
            like, state = self.input.weight, self.initial_state(len(starts))
            spikes = torch.from_numpy(events.dense(starts, steps)).to(like)
            heads, counts = run_windows(self.layers(), self.heads(), spikes, state, dropout)
        else:
            heads, counts = kernels.run_windows(
                kernel,
                self.parameters_for_kernel(),
                events,
                starts,
                steps,
                INITIAL_READOUT,
                dropout,
            )
        return DecodedWindows(mean_of_heads(heads), counts)

    def parameters_for_kernel(self) -> NetworkParameters:
        """Weights and neurons' parameters as the kernels take them."""
        return NetworkParameters(
            cell=self.cell,
            layers=tuple(
                LayerParameters(
                    connection.weight,
                    None if layer.recurrent is None else layer.recurrent.weight,
                    layer.neurons(),
                )
                for connection, layer in self.layers()
            ),
            outputs=tuple(connection.weight for connection, _ in self.heads()),
            readouts=tuple((readout.alpha, readout.beta) for _, readout in self.heads()),
        )

    @torch.no_grad()
    def fault(self) -> str | None:
        """What is wrong with the neurons' parameters that were loaded, if anything."""
        parameters = self.parameters_for_kernel()
        neurons = [layer.neurons for layer in parameters.layers]
        pairs = [(each.alpha, each.beta) for each in neurons] + list(parameters.readouts)
        decays = [each for pair in pairs for each in pair]
        decays += [each.rho for each in neurons if each.rho is not None]
        # NaN is not in any range.
        if not all(bool(((each >= 0) & (each <= 1)).all()) for each in decays):
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
