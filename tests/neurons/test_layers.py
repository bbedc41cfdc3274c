from __future__ import annotations

import snntorch as snn
import snntorch.utils
import torch

from nbsuite.neurons.cells.state import SynapticState
from nbsuite.neurons.layers import LeakyReadout, RecurrentSynaptic
from nbsuite.neurons.timescales import TimeConstants, decay

TAU, STEP = TimeConstants(membrane=0.02, synapse=0.01), 0.004


def test_layers_are_snntorch_layers_with_a_decay_per_neuron() -> None:
    hidden, readout = RecurrentSynaptic(5, TAU, STEP), LeakyReadout(2, TAU, STEP)
    assert isinstance(hidden, snn.RSynaptic)
    assert isinstance(readout, snn.Synaptic)
    for layer, neurons in ((hidden, 5), (readout, 2)):
        one = torch.ones(neurons)
        assert torch.equal(layer.alpha, decay(one, TAU.synapse, STEP))
        assert torch.equal(layer.beta, decay(one, TAU.membrane, STEP))


def test_layers_store_weights_and_time_constants_only() -> None:
    before = len(snn.SpikingNeuron.instances)
    hidden, readout = RecurrentSynaptic(5, TAU, STEP), LeakyReadout(2, TAU, STEP)
    assert len(snn.SpikingNeuron.instances) == before
    assert list(hidden.buffers()) == list(readout.buffers()) == []
    assert sum(each.numel() for each in hidden.parameters()) == 5 * 5 + 2 * 5
    assert sum(each.numel() for each in readout.parameters()) == 2 * 2
    snn.utils.reset(hidden)


def test_a_decay_can_be_assigned() -> None:
    layer = LeakyReadout(2, TAU, STEP)
    layer.beta = torch.tensor([0.5, 0.9])
    assert torch.allclose(layer.beta, torch.tensor([0.5, 0.9]))


def test_hidden_layer_follows_the_equations_step_by_step() -> None:
    """Against a transcription with plain numbers, one neuron that excites itself."""
    layer = RecurrentSynaptic(1, TAU, STEP).double()
    weight = 0.7
    with torch.no_grad():
        layer.recurrent.weight.fill_(weight)
    alpha, beta = layer.alpha.item(), layer.beta.item()
    currents = [8.0, 0.0, 0.0, 9.0, 9.0, 0.0, 0.0, 0.0, 4.0, 0.0, 0.0, 0.0]
    m = c = i = 0.0
    due = []
    for current in currents:
        s = float(m > 1)
        m, c, i = (beta * m + (1 - beta) * c) * (1 - s), alpha * c + i, current + weight * s
        due.append(s)
    assert 0 < sum(due) < len(due)

    given = torch.tensor(currents, dtype=torch.float64).reshape(-1, 1, 1)
    with torch.no_grad():
        spikes, state = layer(given, layer.initial_state(1))
    assert spikes.flatten().tolist() == due
    assert torch.allclose(torch.cat(state), torch.tensor([[m], [c], [i]], dtype=torch.float64))


def test_an_input_spike_needs_three_steps_to_a_spike_and_five_to_the_readout() -> None:
    hidden, readout = RecurrentSynaptic(1, TAU, STEP), LeakyReadout(1, TAU, STEP)
    pulse = torch.zeros(10, 1, 1)
    pulse[0] = 1000.0
    with torch.no_grad():
        hidden.recurrent.weight.zero_()
        spikes, _ = hidden(pulse, hidden.initial_state(1))
        output, _ = readout(spikes, readout.initial_state(1))
    assert spikes.flatten().nonzero()[0].item() == 3
    assert output.flatten().nonzero()[0].item() == 5


def test_readout_has_the_gradient_of_finite_differences() -> None:
    layer = LeakyReadout(2, TAU, STEP, initial_membrane=-0.01).double()
    names = ["parametrizations.alpha.original", "parametrizations.beta.original"]

    def run(current: torch.Tensor, alpha: torch.Tensor, beta: torch.Tensor) -> torch.Tensor:
        given = dict(zip(names, (alpha, beta), strict=True))
        state = SynapticState(*(torch.full((3, 2), 0.1, dtype=torch.float64) for _ in range(3)))
        output: torch.Tensor = torch.func.functional_call(layer, given, (current, state))[0]
        return output

    random = torch.Generator().manual_seed(0)
    shapes = [(6, 3, 2), (2,), (2,)]
    inputs = [torch.randn(s, generator=random, dtype=torch.float64) for s in shapes]
    assert torch.autograd.gradcheck(run, [each.requires_grad_() for each in inputs])


def test_gradients_reach_all_parameters_of_the_hidden_layer() -> None:
    layer = RecurrentSynaptic(4, TAU, STEP)
    current = torch.rand(50, 2, 4, generator=torch.Generator().manual_seed(0)) * 3
    spikes, _ = layer(current, layer.initial_state(2))
    spikes.sum().backward()
    assert spikes.sum() > 0
    for parameter in layer.parameters():
        assert parameter.grad is not None
        assert bool((parameter.grad != 0).any())
