"""The cells against plain transcriptions of their equations, and against snnTorch's own layers."""

from __future__ import annotations

import pytest
import snntorch as snn
import torch

from nbsuite.neurons.cells import CELLS
from nbsuite.neurons.layers import FeedForwardSynaptic, LeakyReadout, RecurrentSynaptic
from nbsuite.neurons.surrogate import superspike
from nbsuite.neurons.timescales import TimeConstants

TAU, STEP = TimeConstants(membrane=0.02, synapse=0.01), 0.004


def _run(layer: torch.nn.Module, current: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        spikes, _ = layer(current, layer.initial_state(current.shape[1]))
    return spikes


def test_an_adaptive_neuron_follows_its_equations() -> None:
    layer = RecurrentSynaptic(1, TAU, STEP, CELLS["adaptive"]).double()
    with torch.no_grad():
        layer.recurrent.weight.fill_(0.7)
        layer.strength.fill_(40.0)
    alpha, beta, rho = layer.alpha.item(), layer.beta.item(), layer.rho.item()
    m = c = i = a = 0.0
    due = []
    for _ in range(120):
        s = float(m > 1 + 40.0 * a)
        m, c, i = (beta * m + (1 - beta) * c) * (1 - s), alpha * c + i, 2.0 + 0.7 * s
        a = rho * a + (1 - rho) * s
        due.append(s)
    spikes = _run(layer, torch.full((120, 1, 1), 2.0, dtype=torch.float64)).flatten().tolist()
    assert spikes == due
    assert sum(spikes[:40]) > sum(spikes[80:]) > 0  # it tires


def test_a_neuron_of_strength_zero_does_not_adapt() -> None:
    current = torch.rand(200, 3, 5, generator=torch.Generator().manual_seed(0)) * 3
    plain = FeedForwardSynaptic(5, TAU, STEP)
    adaptive = FeedForwardSynaptic(5, TAU, STEP, CELLS["adaptive"])
    adapted = _run(adaptive, current)
    with torch.no_grad():
        adaptive.strength.zero_()
    spikes = _run(plain, current)
    assert torch.equal(_run(adaptive, current), spikes)
    assert 0 < adapted.sum() < spikes.sum()


@pytest.mark.parametrize("recurrent", [True, False])
def test_stock_timing_is_that_of_snntorch(recurrent: bool) -> None:
    """snnTorch has no factor (1 - beta): it stands in the weights there."""
    random = torch.Generator().manual_seed(3)
    make = RecurrentSynaptic if recurrent else FeedForwardSynaptic
    layer = make(6, TAU, STEP, CELLS["stock"])
    current = torch.randn(300, 2, 6, generator=random) * 3
    options = {"alpha": layer.alpha.detach(), "beta": layer.beta.detach()}
    options |= {"reset_mechanism": "zero", "spike_grad": superspike}
    gain = 1 - options["beta"]
    if recurrent:
        torch.nn.init.normal_(layer.recurrent.weight, generator=random)
        stock = snn.RSynaptic(linear_features=6, **options)
        torch.nn.init.zeros_(stock.recurrent.bias)
        stock.recurrent.weight.data = gain[:, None] * layer.recurrent.weight.data
    else:
        stock = snn.Synaptic(**options)
    spikes = due = synapse = membrane = torch.zeros(2, 6)
    found = []
    with torch.no_grad():
        for step in current:
            given = (step * gain, spikes) if recurrent else (step * gain,)
            spikes, synapse, membrane = stock(*given, synapse, membrane)
            found.append(spikes)
    due = torch.stack(found)
    assert torch.equal(_run(layer, current), due)
    assert 0.05 < due.mean() < 0.5


def test_the_stock_readout_is_that_of_snntorch() -> None:
    readout = LeakyReadout(2, TAU, STEP, cell=CELLS["stock"])
    stock = snn.Synaptic(
        alpha=readout.alpha.detach(), beta=readout.beta.detach(), reset_mechanism="none"
    )
    current = torch.randn(50, 3, 2, generator=torch.Generator().manual_seed(1))
    synapse = membrane = torch.zeros(3, 2)
    due = []
    with torch.no_grad():
        for step in current:
            _, synapse, membrane = stock(step * (1 - readout.beta), synapse, membrane)
            due.append(membrane)
        found, _ = readout(current, readout.initial_state(3))
    torch.testing.assert_close(found, torch.stack(due), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("cell", "to_spike", "to_readout"), [("lif", 3, 2), ("adaptive", 3, 2), ("stock", 0, 0)]
)
def test_steps_that_a_spike_takes(cell: str, to_spike: int, to_readout: int) -> None:
    hidden = FeedForwardSynaptic(1, TAU, STEP, CELLS[cell])
    readout = LeakyReadout(1, TAU, STEP, cell=CELLS[cell])
    pulse = torch.zeros(10, 1, 1)
    pulse[0] = 1000.0
    spikes = _run(hidden, pulse)
    assert spikes.flatten().nonzero()[0].item() == to_spike
    with torch.no_grad():
        output, _ = readout(spikes, readout.initial_state(1))
    assert output.flatten().nonzero()[0].item() == to_spike + to_readout


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("make", [RecurrentSynaptic, FeedForwardSynaptic])
def test_layers_store_what_their_cells_need_and_all_of_it_learns(make: type, cell: str) -> None:
    layer = make(4, TAU, STEP, CELLS[cell])
    assert list(layer.buffers()) == []
    current = torch.rand(50, 2, 4, generator=torch.Generator().manual_seed(0)) * 3
    spikes, _ = layer(current, layer.initial_state(2))
    spikes.sum().backward()
    stored = sum(each.numel() for each in layer.parameters())
    assert stored == 4 * (4 if CELLS[cell].adapts else 2) + (16 if layer.recurrent else 0)
    for name, parameter in layer.named_parameters():
        assert parameter.grad is not None, name
        assert bool((parameter.grad != 0).any()), name


def test_decays_follow_the_step() -> None:
    slow, fast = (FeedForwardSynaptic(1, TAU, step, CELLS["adaptive"]) for step in (0.01, 0.005))
    for name in ("alpha", "beta", "rho"):
        decayed = getattr(slow, name).item()
        assert decayed == pytest.approx(getattr(fast, name).item() ** 2, rel=1e-5)
