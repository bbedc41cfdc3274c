"""How the benchmark runs a decoder, whatever its kind: as a stream that remembers where it is.

``ChunkStream`` runs whole chunks and says what each layer saw. ``StepStream`` runs single samples
through layers that are really called, for NeuroBench to hook.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, TypeAlias

import torch
from neurobench.models import TorchModel
from snntorch import SpikingNeuron
from torch import Tensor, nn

from nbsuite.benchmarking.stock_baselines import stock_network
from nbsuite.models.baselines.spec import Baseline
from nbsuite.models.decoder import DecodedChunk
from nbsuite.models.finite import require_finite
from nbsuite.models.kinds import AnyDecoder
from nbsuite.models.linear import LinearDecoder
from nbsuite.models.rsnn import Decoded, RecurrentDecoder
from nbsuite.neurons.kernels import KernelName, NetworkState

Sources: TypeAlias = tuple[tuple[nn.Linear, ...], ...]

HIDDEN_LAYER = "hidden"
VECTORISED = "vectorised"
"""Named in place of a kernel where a decoder computes all steps of a chunk at once."""


class ChunkStream(Protocol):
    """A decoder that runs chunk by chunk.

    Attributes:
        kernel: what runs, for the provenance.
        sources: connections by what they start from: those of one source have the same inputs.
        activation_layers: names of the layers of neurons.
    """

    kernel: str
    sources: Sources
    activation_layers: tuple[str, ...]

    def advance(self, spikes: Tensor) -> DecodedChunk:
        """Decode the next steps (steps, channels)."""

    def require_finite(self, velocity: Tensor) -> None:
        """Refuse to go on where the velocities or the state are not finite.

        Raises:
            CheckpointError: they are not.
        """


class RecurrentStream:
    """A recurrent spiking decoder; hidden spikes leave through several connections."""

    activation_layers: tuple[str, ...] = (HIDDEN_LAYER,)

    def __init__(self, decoder: RecurrentDecoder, kernel: KernelName) -> None:
        self.kernel: str = kernel
        outputs = (connection for connection, _ in decoder.heads())
        recurrent = decoder.layers()[0][1].recurrent
        self.sources: Sources = (
            (decoder.input,),
            (*(() if recurrent is None else (recurrent,)), *outputs),
        )
        self._decoder = decoder
        self._kernel = kernel
        self._state: NetworkState | None = None

    def advance(self, spikes: Tensor) -> DecodedChunk:
        """Decode the next steps (steps, channels)."""
        decoded: Decoded = self._decoder(
            spikes.to(self._decoder.input.weight.device)[:, None], self._state, kernel=self._kernel
        )
        self._state = decoded.state
        hidden = decoded.spikes[:, 0].to("cpu", torch.int8)
        return DecodedChunk(
            velocity=decoded.velocity[:, 0].to("cpu", torch.float32),
            inputs=(spikes, hidden),
            outputs=(hidden,),
            spikes=hidden,
            state=(),
        )

    def require_finite(self, velocity: Tensor) -> None:
        """See ``ChunkStream``."""
        require_finite(self._decoder, velocity, self._state)


class VectorisedStream:
    """Any other decoder; each of its connections has inputs of its own."""

    kernel: str = VECTORISED

    def __init__(self, decoder: Baseline | LinearDecoder) -> None:
        self.sources: Sources = tuple((connection,) for connection in decoder.connections())
        self.activation_layers = decoder.activation_layers
        self._decoder = decoder
        self._state: Any = None

    def advance(self, spikes: Tensor) -> DecodedChunk:
        """Decode the next steps (steps, channels)."""
        chunk = self._decoder.decode(spikes, self._state)
        self._state = chunk.state
        return chunk

    def require_finite(self, velocity: Tensor) -> None:
        """See ``ChunkStream``."""
        require_finite(self._decoder, velocity, self._state)


def chunk_stream(decoder: AnyDecoder, kernel: KernelName) -> ChunkStream:
    """A decoder at the start of a recording.

    Args:
        decoder: the decoder.
        kernel: the kernel of a recurrent decoder; others have none.
    """
    if isinstance(decoder, RecurrentDecoder):
        return RecurrentStream(decoder, kernel)
    return VectorisedStream(decoder)


class Step(NamedTuple):
    """Velocity (1, 2) float32 after a sample, and hidden spikes (1, neurons) where there are."""

    velocity: Tensor
    spikes: Tensor | None


class StepStream(Protocol):
    """A decoder that runs sample by sample.

    Attributes:
        activation_layers: the layers of neurons with their names.
        connections: the layers of synapses.
    """

    activation_layers: list[dict[str, Any]]
    connections: list[nn.Linear]

    def advance(self, sample: Tensor) -> Step:
        """Decode the next sample (1, channels)."""

    def require_finite(self, velocity: Tensor) -> None:
        """See ``ChunkStream``."""


class RecurrentSteps:
    """A recurrent spiking decoder, whose own layers are called."""

    def __init__(self, decoder: RecurrentDecoder) -> None:
        # The hidden layer alone: readout units do not spike.
        self.activation_layers = [{"layer_name": HIDDEN_LAYER, "layer": decoder.layers()[0][1]}]
        self.connections: list[nn.Linear] = TorchModel(decoder).connection_layers()
        self._stream = RecurrentStream(decoder, "reference")

    def advance(self, sample: Tensor) -> Step:
        """Decode the next sample (1, channels)."""
        chunk = self._stream.advance(sample)
        return Step(chunk.velocity, chunk.spikes)

    def require_finite(self, velocity: Tensor) -> None:
        """See ``ChunkStream``."""
        self._stream.require_finite(velocity)


class StockSteps:
    """Any other decoder, made of stock layers, which NeuroBench itself finds."""

    def __init__(self, decoder: Baseline | LinearDecoder) -> None:
        self._decoder = decoder
        self._network = stock_network(decoder)
        self._device = decoder.device
        finder = TorchModel(self._network)
        finder.add_activation_module(SpikingNeuron)
        self.activation_layers: list[dict[str, Any]] = finder.activation_layers()
        self.connections: list[nn.Linear] = finder.connection_layers()

    def advance(self, sample: Tensor) -> Step:
        """Decode the next sample (1, channels)."""
        velocity = self._network(sample.to(self._device, torch.float64))
        return Step(velocity.to("cpu", torch.float32), None)

    def require_finite(self, velocity: Tensor) -> None:
        """See ``ChunkStream``; the state is within the layers."""
        require_finite(self._decoder, velocity, ())


def step_stream(decoder: AnyDecoder) -> StepStream:
    """A decoder at the start of a recording."""
    if isinstance(decoder, RecurrentDecoder):
        return RecurrentSteps(decoder)
    return StockSteps(decoder)
