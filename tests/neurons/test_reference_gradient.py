"""Automatic differentiation through the reference against finite differences.

A step function has no finite differences, so neurons here fire smoothly: their spike is a
sigmoid of the membrane potential, in the reference as in the plain simulation below. The reset
carries no gradient, so the simulation takes the factors of the reset from an undisturbed run.
"""

import numpy as np
import pytest
import torch

from nbsuite.models.rsnn import RecurrentDecoder
from nbsuite.models.spec import ModelSpec
from nbsuite.neurons.dropout import Dropout, dropout_mask
from nbsuite.spike_events import SpikeEvents

STEPS, NEURONS, STEEPNESS, DT = 25, 5, 4.0, 0.004
TAU, READOUTS = (0.02, 0.01), ((0.05, 0.01), (0.02, 0.02))
STARTS = np.array([0, 11, 30])


def smooth_spike(distance):
    return 1 / (1 + np.exp(-STEEPNESS * distance))


def decays(parameters, tau):
    """exp(-dt / (tau softplus(p)))."""
    return np.exp(-DT / (tau * np.log1p(np.exp(parameters))))


def simulate(values, spikes, input_mask, hidden_masks, resets=None):
    """Loss of the network, and the reset factors of all steps, from the equations alone."""
    names = ["hidden"] if len(hidden_masks) == 1 else ["hidden1", "hidden2"]
    sources = ["input", "input2"]
    adapts = f"{names[0]}.strength" in values
    zeros = np.zeros((len(STARTS), NEURONS))
    m, c, i, a = ([zeros for _ in names] for _ in range(4))
    y = [np.zeros((len(STARTS), 2))] * 2
    j, o, used = list(y), [state - 0.01 for state in y], []
    velocity, counts = [], []
    for t in range(STEPS):
        arriving, fired = spikes[t] * input_mask[t], []
        for k, name in enumerate(names):
            prefix = f"{name}.parametrizations"
            beta = decays(values[f"{prefix}.beta.original"], TAU[0])
            alpha = decays(values[f"{prefix}.alpha.original"], TAU[1])
            raised = values[f"{name}.strength"] * a[k] if adapts else 0
            s = smooth_spike(m[k] - (1 + raised))
            fired.append(s)
            reset = s if resets is None else resets[t][k]
            sent = s * hidden_masks[k][t]
            m[k] = (beta * m[k] + (1 - beta) * c[k]) * (1 - reset)
            c[k] = alpha * c[k] + i[k]
            i[k] = arriving @ values[f"{sources[k]}.weight"].T
            if f"{name}.recurrent.weight" in values:
                i[k] = i[k] + sent @ values[f"{name}.recurrent.weight"].T
            if adapts:
                rho = decays(values[f"{prefix}.rho.original"], 0.2)
                a[k] = rho * a[k] + (1 - rho) * s
            arriving = sent
        used.append(fired)
        for head, tau in enumerate(READOUTS):
            prefix = f"readout.{head}.parametrizations"
            b = decays(values[f"{prefix}.beta.original"], tau[0])
            r = decays(values[f"{prefix}.alpha.original"], tau[1])
            o[head] = b * o[head] + (1 - b) * y[head]
            y[head] = r * y[head] + j[head]
            j[head] = arriving @ values[f"output.{head}.weight"].T
        velocity.append((o[0] + o[1]) / 2)
        counts.append(np.concatenate(fired, axis=1))
    weights = np.linspace(-1, 1, STEPS * len(STARTS) * 2).reshape(STEPS, len(STARTS), 2)
    regularised = np.square(sum(counts) - 3).mean()
    return (np.stack(velocity) * weights).sum() + 0.01 * regularised, used


@pytest.mark.parametrize("rate", [0.0, 0.4])
@pytest.mark.parametrize(
    "architecture",
    [
        {},
        {"layers": 2, "cell": "adaptive"},
        {"layers": 2, "recurrent": False},
    ],
    ids=["one layer", "two layers, adaptive", "two layers, feed-forward"],
)
def test_reference_gradient(rate, architecture):
    torch.manual_seed(1)
    decoder = RecurrentDecoder(ModelSpec("test", 5, NEURONS, TAU, READOUTS, **architecture))
    decoder = decoder.double()
    layers = len(decoder.layers())
    for _, layer in decoder.layers():
        layer.spike_grad = lambda distance: torch.sigmoid(STEEPNESS * distance)
    events = SpikeEvents.from_dense(np.random.default_rng(1).random((60, 5)) < 0.3)
    dropout = Dropout(rate, rate, key=5)

    decoded = decoder.decode_windows(events, STARTS, STEPS, dropout=dropout, kernel="reference")
    weights = torch.linspace(-1, 1, decoded.outputs.numel()).double().view_as(decoded.outputs)
    loss = (decoded.outputs * weights).sum() + 0.01 * (decoded.counts - 3).square().mean()
    loss.backward()

    values = {name: value.detach().numpy().copy() for name, value in decoder.named_parameters()}
    like = torch.zeros(1).double()
    input_mask, *hidden_masks = (
        dropout_mask(layer, STEPS, len(STARTS), units, like).numpy()
        for layer, units in [
            (dropout.of_input(), 5),
            *((dropout.of_hidden(index), NEURONS) for index in range(layers)),
        ]
    )
    problem = (events.dense(STARTS, STEPS), input_mask, hidden_masks)
    simulated, resets = simulate(values, *problem)
    assert float(loss.detach()) == pytest.approx(
        simulated, rel=1e-6
    )  # the torch weights are float32

    for name, parameter in decoder.named_parameters():
        value = values[name]
        for place in np.ndindex(value.shape):
            kept, step = value[place], 1e-5
            value[place] = kept + step
            above = simulate(values, *problem, resets)[0]
            value[place] = kept - step
            below = simulate(values, *problem, resets)[0]
            value[place] = kept
            slope = (above - below) / (2 * step)
            assert float(parameter.grad[place]) == pytest.approx(slope, rel=1e-5, abs=1e-7), name
