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

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils import parametrize

from nbsuite.errors import DataError
from nbsuite.models.rsnn import RecurrentDecoder
from nbsuite.neurons.cells.adaptive import INITIAL_STRENGTH
from nbsuite.neurons.cells.lif import readout_step
from nbsuite.neurons.cells.state import SynapticState
from nbsuite.neurons.timescales import TimeConstants
from nbsuite.training.recipe import InitialisationRecipe
from nbsuite.training.windows import TrainingWindows

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


def input_rates(windows: TrainingWindows) -> InputRates:
    """Mean input rates over all training windows.

    Raises:
        DataError: an array has no spikes.
    """
    events = windows.events
    windows_with_event = np.repeat(_windows_with_sample(windows), np.diff(events.offsets))
    spikes = np.bincount(events.sources, weights=windows_with_event, minlength=events.channels)
    hertz = spikes / (len(windows) * windows.steps * windows.step)
    first = _mean_rate(hertz, 0, min(ARRAY_CHANNELS, events.channels))
    if events.channels <= ARRAY_CHANNELS:
        return InputRates(first, None)
    return InputRates(first, _mean_rate(hertz, ARRAY_CHANNELS, events.channels))


def initialise_decoder(
    decoder: RecurrentDecoder,
    hertz: float,
    hertz_second_array: float | None,
    recipe: InitialisationRecipe,
    seed: int,
) -> None:
    """Draw a decoder's weights and time constants anew; the same seed gives the same.

    Args:
        decoder: the decoder; values are drawn in float64 and rounded to its dtype.
        hertz: mean rate of input channels 0 to 95 in the training data.
        hertz_second_array: that of the others, if there are any: their weights are divided by
            its ratio to the first.
        recipe: how strongly membranes fluctuate.
        seed: of a random generator of its own.
    """
    draw = _Draw(torch.Generator().manual_seed(seed))
    spec = decoder.spec
    energy = response_energy(TimeConstants(*spec.hidden), spec.step)

    def deviation(connection: nn.Linear, share: float) -> float:
        variance = recipe.sigma_u**2 * share / (connection.in_features * hertz * energy)
        return float(variance**0.5)

    relative_rates = torch.ones(spec.channels, dtype=torch.float64)
    if hertz_second_array is not None:
        relative_rates[ARRAY_CHANNELS:] = hertz_second_array / hertz
    input_share = recipe.alpha_mix if spec.recurrent else 1.0
    for connection, layer in decoder.layers():
        draw.normal(connection.weight, deviation(connection, input_share) / relative_rates)
        relative_rates = torch.ones(connection.out_features, dtype=torch.float64)
        if layer.recurrent is not None:
            draw.normal(layer.recurrent.weight, deviation(layer.recurrent, 1 - input_share))
    for connection, readout in decoder.heads():
        draw.normal(connection.weight, connection.in_features**-0.5)
        for parameter in _time_constants(readout):
            nn.init.constant_(parameter, READOUT_PARAMETER)
    for _, layer in decoder.layers():
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


def _windows_with_sample(windows: TrainingWindows) -> NDArray[np.int64]:
    """In how many windows each sample lies."""
    samples = windows.events.samples
    begun = np.bincount(windows.starts, minlength=samples + 1)
    ended = np.bincount(windows.starts + windows.steps, minlength=samples + 1)
    inside: NDArray[np.int64] = np.cumsum(begun - ended)[:samples]
    return inside


def _mean_rate(hertz: NDArray[np.float64], first: int, stop: int) -> float:
    """Mean rate of some channels.

    Raises:
        DataError: they have no spikes.
    """
    rate = float(hertz[first:stop].mean())
    if rate == 0:
        raise DataError(
            f"The training windows have no spikes on channels {first} to {stop - 1}, so that no"
            " weights can be drawn for them: use another or a longer recording."
        )
    return rate
