"""Fluctuation-driven initialisation (Rossbroich, Gygax and Zenke 2022), centred normal.

Weights are drawn so that, before training, the membrane potential of a hidden neuron fluctuates
about 0 with standard deviation sigma_u, the threshold being 1. A spike that arrives through a
weight w adds w k(t) to it. N sources that fire at nu Hz with weights of variance v make a potential
of variance N nu v e with e = integral of k^2 dt, so that

    w ~ Normal(0, sigma_u^2 share / (N nu e)),

share being how much of the variance the connection is to cause: alpha_mix for what comes from the
input or from the layer before, the rest for the recurrent connection; all of it for the former
where there is no recurrent one. Hidden neurons are assumed to fire as often as input channels: nu
is the input's for every connection. Readout weights are Normal(0, 1 / N).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from nbsuite.models.spec import ModelSpec
from nbsuite.neurons.cells.adaptive import INITIAL_STRENGTH
from nbsuite.neurons.cells.lif import readout_step
from nbsuite.neurons.cells.state import SynapticState
from nbsuite.neurons.layers import LeakyReadout, SpikingLayer
from nbsuite.neurons.timescales import TimeConstants

ARRAY_CHANNELS = 96
KERNEL_TIME_CONSTANTS = 10
FEWEST_STEPS = 10
"""Of the response, where steps are longer than time constants."""
READOUT_PARAMETER = 1.0


class InputRates(NamedTuple):
    """Mean rate of the channels of an electrode array in Hz.

    Attributes:
        first: channels 0 to 95.
        second: channels 96 and up; None where there are none.
    """

    first: float
    second: float | None


class Fluctuations(Protocol):
    """How strongly membranes are to fluctuate before training."""

    @property
    def sigma_u(self) -> float:
        """Standard deviation of the membrane potential, whose threshold is 1."""

    @property
    def alpha_mix(self) -> float:
        """Share of its variance that comes from the input, the rest being recurrent."""


def draw_network(
    spec: ModelSpec,
    layers: Sequence[tuple[nn.Linear, SpikingLayer]],
    heads: Sequence[tuple[nn.Linear, LeakyReadout]],
    rates: InputRates,
    fluctuations: Fluctuations,
    seed: int,
) -> None:
    """Draw a spiking network's weights and time constants anew; the same seed gives the same.

    Values are drawn in float64 and rounded to the dtype of the weights.

    Args:
        spec: the network's specification.
        layers: each hidden layer's connection from the spikes before it, and its neurons.
        heads: each readout head's connection and units.
        rates: mean rates of the input channels in the training data; the weights of the second
            array are divided by the ratio of its rate to that of the first.
        fluctuations: how strongly membranes fluctuate.
        seed: of a random generator of its own.
    """
    draw = _Draw(torch.Generator().manual_seed(seed))
    energy = response_energy(TimeConstants(*spec.hidden), spec.step)

    def deviation(connection: nn.Linear, share: float) -> float:
        variance = fluctuations.sigma_u**2 * share / (connection.in_features * rates.first * energy)
        return float(variance**0.5)

    relative_rates = torch.ones(spec.channels, dtype=torch.float64)
    if rates.second is not None:
        relative_rates[ARRAY_CHANNELS:] = rates.second / rates.first
    input_share = fluctuations.alpha_mix if spec.recurrent else 1.0
    for connection, layer in layers:
        draw.normal(connection.weight, deviation(connection, input_share) / relative_rates)
        relative_rates = torch.ones(connection.out_features, dtype=torch.float64)
        if layer.recurrent is not None:
            draw.normal(layer.recurrent.weight, deviation(layer.recurrent, 1 - input_share))
    for connection, readout in heads:
        draw.normal(connection.weight, connection.in_features**-0.5)
        for parameter in _time_constants(readout):
            nn.init.constant_(parameter, READOUT_PARAMETER)
    for _, layer in layers:
        for parameter in _time_constants(layer):
            draw.uniform(parameter)
        if layer.cell.adapts:
            nn.init.constant_(layer.strength, INITIAL_STRENGTH)


def response_energy(tau: TimeConstants, step: float) -> float:
    """Integral over time, in seconds, of the squared membrane response to one spike of weight 1.

    The response is that of the decoder's own equations, followed for ten times the longer time
    constant.

    Args:
        tau: the time constants.
        step: the time step in seconds.
    """
    alpha, beta = (
        torch.tensor([-step / constant], dtype=torch.float64).exp()
        for constant in (tau.synapse, tau.membrane)
    )
    rest = torch.zeros(1, 1, dtype=torch.float64)
    state = SynapticState(membrane=rest, synapse=rest, current=rest + 1)
    energy = 0.0
    for _ in range(max(FEWEST_STEPS, round(KERNEL_TIME_CONSTANTS * max(tau) / step))):
        state = readout_step(state, rest, alpha, beta)
        energy += step * float(state.membrane) ** 2
    return energy


class _Draw:
    """Fills tensors of any dtype and device with random numbers drawn in float64."""

    def __init__(self, generator: torch.Generator) -> None:
        self._generator = generator

    def normal(self, parameter: Tensor, deviation: float | Tensor) -> None:
        values = torch.empty(parameter.shape, dtype=torch.float64)
        self._fill(parameter, values.normal_(generator=self._generator) * deviation)

    def uniform(self, parameter: Tensor) -> None:
        values = torch.empty(parameter.shape, dtype=torch.float64)
        self._fill(parameter, values.uniform_(generator=self._generator))

    def _fill(self, parameter: Tensor, values: Tensor) -> None:
        with torch.no_grad():
            parameter.copy_(values)


def _time_constants(layer: nn.Module) -> list[Tensor]:
    """The unconstrained parameters of a layer's decays."""
    names = [name for name in ("alpha", "beta", "rho") if parametrize.is_parametrized(layer, name)]
    return [layer.get_parameter(f"parametrizations.{name}.original") for name in names]
