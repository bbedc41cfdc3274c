"""Write the traces in tests/conversions/traces: what stork itself computes on random networks.

stork (Rossbroich, Gygax and Zenke 2022) and the neuron groups of the publication (Liu et al. 2024)
are not on the package index. To repeat this, clone both and name the clones, in an environment that
has nbsuite:

    git clone https://github.com/fmi-basel/stork && git -C stork checkout 40c68fe
    git clone https://github.com/fmi-basel/neural-decoding-RSNN
    python scripts/stork_traces.py stork neural-decoding-RSNN -o traces

40c68fe is the commit that the publication's requirements name. Of each network there is
``NAME.pth``, its state dict as stork saves it, and ``NAME.npz``:

``input`` (steps, channels) uint8
    Input spikes.
``spikes`` (steps, neurons) uint8, ``readout`` (steps, 2) float32, ``heads`` (heads, steps, 2)
    Hidden spikes, output and, where there are several, the readout heads, in float32.
``spikes_half``, ``readout_half``, ``heads_half``
    The same in half precision, of networks whose weights are.
"""

from __future__ import annotations

import argparse
import sys
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

STEP_SECONDS = 0.004
TINY_READOUTS = ((0.050, 0.010),)
BIG_READOUTS = ((0.050, 0.010), (0.020, 0.005), (0.020, 0.020), (0.030, 0.010), (0.100, 0.030))


@dataclass(frozen=True)
class Network:
    """A network to be traced.

    Attributes:
        name: its files' name.
        channels: input channels.
        neurons: hidden neurons.
        readouts: base time constants (membrane, synapse) of each readout head in seconds.
        dtype: dtype of the saved weights.
        steps: length of the trace.
        seed: of weights, time constants and input.
    """

    name: str
    channels: int
    neurons: int
    readouts: tuple[tuple[float, float], ...]
    dtype: torch.dtype
    steps: int
    seed: int


NETWORKS = (
    Network("tiny-96-float32", 96, 64, TINY_READOUTS, torch.float32, 600, 1),
    Network("tiny-96-half", 96, 64, TINY_READOUTS, torch.float16, 600, 2),
    Network("tiny-192-float32", 192, 64, TINY_READOUTS, torch.float32, 400, 3),
    Network("tiny-192-half", 192, 64, TINY_READOUTS, torch.float16, 400, 4),
    Network("big-96-float32", 96, 40, BIG_READOUTS, torch.float32, 400, 5),
    Network("big-192-half", 192, 40, BIG_READOUTS, torch.float16, 400, 6),
)


def main() -> None:
    """Write all networks and their traces."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("stork", type=Path, help="clone of stork")
    parser.add_argument("publication", type=Path, help="clone of neural-decoding-RSNN")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder to write to")
    arguments = parser.parse_args()
    _make_importable(arguments.stork, arguments.publication)
    arguments.output.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    for network in NETWORKS:
        _write(network, arguments.output)


def _make_importable(stork: Path, publication: Path) -> None:
    # What only draws, or generates other data sets, wants packages that are not needed here.
    for unused in ("randman", "stork.plotting"):
        sys.modules[unused] = types.ModuleType(unused)
    sys.path[:0] = [str(stork.absolute()), str((publication / "challenge").absolute())]


def _write(network: Network, folder: Path) -> None:
    torch.manual_seed(network.seed)
    model = _model(network, torch.float32)
    _draw_weights(model)
    # Both precisions run the weights as they are saved.
    saved = {key: value.to(network.dtype) for key, value in model.state_dict().items()}
    holder = model.to(network.dtype)
    torch.save(holder.state_dict(), folder / f"{network.name}.pth")
    spikes = _input(network)
    arrays: dict[str, NDArray[Any]] = {"input": spikes}
    arrays |= _run(network, saved, spikes, torch.float32)
    if network.dtype == torch.float16:
        half = _run(network, saved, spikes, torch.float16)
        arrays |= {f"{key}_half": values for key, values in half.items()}
    np.savez_compressed(folder / f"{network.name}.npz", **arrays)
    rate = arrays["spikes"].mean() / STEP_SECONDS
    print(f"{network.name}: {network.steps} steps, hidden neurons at {rate:.1f} Hz")


def _model(network: Network, dtype: torch.dtype) -> Any:
    """The network in stork's own parts, put together as the publication does."""
    from custom.lif import CustomLIFGroup
    from custom.readout import AverageReadouts, CustomReadoutGroup
    from stork import activations
    from stork.connections import Connection
    from stork.layers import Layer
    from stork.models import RecurrentSpikingModel
    from stork.nodes import InputGroup

    model = RecurrentSpikingModel(1, network.steps, network.channels, dtype=dtype)
    inputs = model.add_group(InputGroup(network.channels))
    neuron = {"tau_mem": 0.020, "tau_syn": 0.010, "activation": activations.SuperSpike}
    learnt = {"het_timescales": True, "learn_timescales": True}
    hidden = Layer(
        name="hidden",
        model=model,
        size=network.neurons,
        input_group=inputs,
        recurrent=True,
        neuron_class=CustomLIFGroup,
        neuron_kwargs=neuron | learnt,
        connection_kwargs={},
    ).output_group
    heads = []
    for membrane, synapse in network.readouts:
        head = CustomReadoutGroup(
            2, tau_mem=membrane, tau_syn=synapse, initial_state=-1e-2, **learnt
        )
        heads.append(model.add_group(head))
        model.add_connection(Connection(hidden, head, dtype=dtype))
    last = heads[0] if len(heads) == 1 else model.add_group(AverageReadouts(heads))
    model.configure(inputs, last, loss_stack=object(), time_step=STEP_SECONDS)
    model.train(False)
    return model


def _draw_weights(model: Any) -> None:
    """Weights with which the neurons spike a few times a second; time constants of all sizes."""
    with torch.no_grad():
        for number, connection in enumerate(model.connections):
            weight = connection.op.weight
            gain = (8.0, 2.0)[number] if number < 2 else 0.3
            weight.normal_(std=gain / weight.shape[1] ** 0.5)
        for name, parameter in model.named_parameters():
            if "_param" in name:
                parameter.uniform_(-1.0, 2.0)


def _input(network: Network) -> NDArray[np.uint8]:
    """Poisson spikes of channels between 0 and 60 Hz, with a silent stretch and a burst."""
    random = np.random.default_rng(network.seed)
    rates = random.uniform(0, 60, network.channels) * STEP_SECONDS
    spikes = random.random((network.steps, network.channels)) < rates
    spikes[100:140] = False
    spikes[200:210] = random.random((10, network.channels)) < 0.5
    return spikes.astype(np.uint8)


@torch.no_grad()
def _run(
    network: Network, saved: dict[str, torch.Tensor], spikes: NDArray[np.uint8], dtype: torch.dtype
) -> dict[str, NDArray[Any]]:
    """Run the saved weights in a precision, a step at a time, and keep what comes out."""
    from stork.nodes.base import CellGroup

    model = _model(network, torch.float32)
    model.load_state_dict({key: value.float() for key, value in saved.items()})
    model = model.to(dtype)
    model.dtype = dtype
    for group in model.groups:
        group.dtype = dtype
    hidden, heads = model.groups[1], model.groups[2 : 2 + len(network.readouts)]
    kept: dict[str, list[Any]] = {"spikes": [], "readout": [], "heads": []}
    model.reset_states(1)
    model.input_group.feed_data(torch.from_numpy(spikes)[None].to(dtype))
    for step in range(network.steps):
        CellGroup.clk = step
        model.evolve_all()
        model.propagate_all()
        kept["spikes"].append(hidden.out[0].to(torch.uint8).numpy())
        kept["readout"].append(model.output_group.out[0].float().numpy())
        kept["heads"].append(np.stack([head.out[0].float().numpy() for head in heads]))
    arrays = {key: np.stack(values) for key, values in kept.items()}
    arrays["heads"] = arrays["heads"].swapaxes(0, 1)
    if len(heads) == 1:
        del arrays["heads"]
    return arrays


if __name__ == "__main__":
    main()
