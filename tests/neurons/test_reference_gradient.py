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

STEPS, STEEPNESS, DT = 25, 4.0, 0.004
TAU, READOUTS = (0.02, 0.01), ((0.05, 0.01), (0.02, 0.02))
STARTS = np.array([0, 11, 30])


def smooth_spike(distance):
    return 1 / (1 + np.exp(-STEEPNESS * distance))


def decays(parameters, tau):
    """exp(-dt / (tau softplus(p)))."""
    return np.exp(-DT / (tau * np.log1p(np.exp(parameters))))


def simulate(values, spikes, input_mask, hidden_mask, resets=None):
    """Loss of the network, and the reset factors of all steps, from the equations alone."""
    beta = decays(values["hidden.parametrizations.beta.original"], TAU[0])
    alpha = decays(values["hidden.parametrizations.alpha.original"], TAU[1])
    m = c = i = np.zeros((len(STARTS), len(alpha)))
    y = [np.zeros((len(STARTS), 2))] * 2
    j, o, used = list(y), [state - 0.01 for state in y], []
    velocity, counts = [], 0
    for t in range(STEPS):
        s = smooth_spike(m - 1)
        used.append(s if resets is None else resets[t])
        sent = s * hidden_mask[t]
        new = (beta * m + (1 - beta) * c) * (1 - used[-1])
        arriving = (spikes[t] * input_mask[t]) @ values["input.weight"].T
        arriving = arriving + sent @ values["hidden.recurrent.weight"].T
        m, c, i = new, alpha * c + i, arriving
        for head, tau in enumerate(READOUTS):
            prefix = f"readout.{head}.parametrizations"
            b = decays(values[f"{prefix}.beta.original"], tau[0])
            a = decays(values[f"{prefix}.alpha.original"], tau[1])
            o[head] = b * o[head] + (1 - b) * y[head]
            y[head] = a * y[head] + j[head]
            j[head] = sent @ values[f"output.{head}.weight"].T
        velocity.append((o[0] + o[1]) / 2)
        counts = counts + s
    weights = np.linspace(-1, 1, STEPS * len(STARTS) * 2).reshape(STEPS, len(STARTS), 2)
    return (np.stack(velocity) * weights).sum() + 0.01 * np.square(counts - 3).mean(), used


@pytest.mark.parametrize("rate", [0.0, 0.4])
def test_reference_gradient(rate):
    torch.manual_seed(1)
    decoder = RecurrentDecoder(ModelSpec("test", 5, 7, TAU, READOUTS)).double()
    decoder.hidden.spike_grad = lambda distance: torch.sigmoid(STEEPNESS * distance)
    events = SpikeEvents.from_dense(np.random.default_rng(1).random((60, 5)) < 0.3)
    dropout = Dropout(rate, rate, key=5)

    decoded = decoder.decode_windows(events, STARTS, STEPS, dropout=dropout, kernel="reference")
    weights = torch.linspace(-1, 1, decoded.outputs.numel()).double().view_as(decoded.outputs)
    loss = (decoded.outputs * weights).sum() + 0.01 * (decoded.counts - 3).square().mean()
    loss.backward()

    values = {name: value.detach().numpy().copy() for name, value in decoder.named_parameters()}
    masks = [
        dropout_mask(layer, STEPS, len(STARTS), units, torch.zeros(1).double()).numpy()
        for layer, units in ((dropout.of_input(), 5), (dropout.of_hidden(), 7))
    ]
    problem = (events.dense(STARTS, STEPS), *masks)
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
