"""Initialisation: its moments, its seed, and the fluctuations that it promises."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import stats

from nbsuite.errors import DataError
from nbsuite.models.initialisation import InputRates, response_energy
from nbsuite.models.rsnn import RecurrentDecoder
from nbsuite.models.spec import ModelSpec
from nbsuite.neurons.cells.lif import readout_step
from nbsuite.neurons.timescales import TimeConstants
from nbsuite.spike_events import SpikeEvents
from nbsuite.training.families import model_spec
from nbsuite.training.input_rates import input_rates
from nbsuite.training.recipe import InitialisationRecipe
from nbsuite.training.windows import TrainingWindows

HERTZ = 5.0


def _initialised(
    name: str = "tinyRSNN",
    channels: int = 96,
    *,
    second: float | None = None,
    seed: int = 1,
    dtype: torch.dtype = torch.float32,
    recipe: InitialisationRecipe | None = None,
) -> RecurrentDecoder:
    decoder = RecurrentDecoder(model_spec(name, channels)).to(dtype)
    decoder.initialise(InputRates(HERTZ, second), recipe or InitialisationRecipe(), seed)
    return decoder


def _assert_normal(values: torch.Tensor, deviation: float) -> None:
    """Kolmogorov and Smirnov's test; a wrong deviation by 5 % of 4000 values fails it."""
    standard = values.detach().double().flatten().numpy() / deviation
    assert stats.kstest(standard, "norm").pvalue > 1e-3
    assert standard.std() == pytest.approx(1, abs=4 / math.sqrt(2 * standard.size))
    assert standard.mean() == pytest.approx(0, abs=4 / math.sqrt(standard.size))


def _closed_energy(tau: TimeConstants, dt: float = 0.004) -> float:
    """Sum of dt ((1 - b)(b^n - a^n)/(b - a))^2 over all n from 1, by geometric series."""
    a, b = math.exp(-dt / tau.synapse), math.exp(-dt / tau.membrane)
    series = b * b / (1 - b * b) - 2 * a * b / (1 - a * b) + a * a / (1 - a * a)
    return dt * ((1 - b) / (b - a)) ** 2 * series


@pytest.mark.parametrize("tau", [(0.020, 0.010), (0.050, 0.010), (0.020, 0.005)])
def test_energy_of_the_response(tau):
    tau = TimeConstants(*tau)
    assert response_energy(tau, 0.004) == pytest.approx(_closed_energy(tau), rel=1e-6)


@pytest.mark.parametrize("name", ["tinyRSNN", "bigRSNN"])
@pytest.mark.parametrize("second", [None, 2.0])
def test_moments(name, second):
    channels = 96 if second is None else 192
    decoder = _initialised(name, channels, second=second)
    variance = 0.5**2 / (HERTZ * _closed_energy(TimeConstants(0.020, 0.010)))
    neurons = decoder.spec.neurons
    of_input = math.sqrt(0.9 * variance / channels)
    _assert_normal(decoder.input.weight[:, :96], of_input)
    if second is not None:
        _assert_normal(decoder.input.weight[:, 96:], of_input * HERTZ / second)
    _assert_normal(decoder.hidden.recurrent.weight, math.sqrt(0.1 * variance / neurons))
    _assert_normal(
        torch.cat([connection.weight for connection, _ in decoder.heads()]), neurons**-0.5
    )
    parameters = dict(decoder.named_parameters())
    for decay in ("alpha", "beta"):
        hidden = parameters[f"hidden.parametrizations.{decay}.original"].detach().numpy()
        assert stats.kstest(hidden, "uniform").pvalue > 1e-3
        for head in range(len(decoder.readout)):
            assert (parameters[f"readout.{head}.parametrizations.{decay}.original"] == 1).all()
    alpha, beta = (parameters[f"hidden.parametrizations.{d}.original"] for d in ("alpha", "beta"))
    assert not torch.equal(alpha, beta)


@pytest.mark.parametrize(("recurrent", "share"), [(True, 0.9), (False, 1.0)])
def test_moments_of_several_layers(recurrent, share):
    """Each layer is fed by the one before as the first is by the input, at the input's rate."""
    tau, step = (0.020, 0.010), 0.01
    spec = ModelSpec("deep", 50, 80, tau, ((0.05, 0.01),), 3, recurrent, "adaptive", step=step)
    decoder = RecurrentDecoder(spec)
    decoder.initialise(InputRates(HERTZ, None), InitialisationRecipe(), 1)
    variance = 0.5**2 / (HERTZ * _closed_energy(TimeConstants(*tau), step))
    for fan_in, (connection, layer) in zip((50, 80, 80), decoder.layers(), strict=True):
        _assert_normal(connection.weight, math.sqrt(share * variance / fan_in))
        if recurrent:
            _assert_normal(layer.recurrent.weight, math.sqrt(0.1 * variance / 80))
        assert (layer.strength == 1.8).all()
        rho = layer.get_parameter("parametrizations.rho.original")
        assert stats.kstest(rho.detach().numpy(), "uniform").pvalue > 1e-3


@pytest.mark.parametrize(("sigma_u", "alpha_mix"), [(0.5, 0.9), (0.2, 0.5)])
def test_membranes_fluctuate_as_promised(sigma_u, alpha_mix):
    """The decoder's equations, without spikes, on independent Poisson input."""
    recipe = InitialisationRecipe(sigma_u, alpha_mix)
    decoder = _initialised("bigRSNN", recipe=recipe, dtype=torch.float64)
    spikes = np.random.default_rng(0).poisson(HERTZ * 0.004, (2600, 1, 96)).astype(float)
    with torch.no_grad():
        # softplus of this is 1: the time constants are the base ones, which e is computed with
        for decay in ("alpha", "beta"):
            name = f"parametrizations.{decay}.original"
            decoder.hidden.get_parameter(name).fill_(math.log(math.e - 1))
        alpha, beta = decoder.hidden.alpha, decoder.hidden.beta
        state = decoder.hidden.initial_state(1)
        membranes = []
        for current in decoder.input(torch.from_numpy(spikes)):
            state = readout_step(state, current, alpha, beta)
            membranes.append(state.membrane)
    variance = torch.cat(membranes[100:]).var(dim=0).mean()
    assert float(variance.sqrt()) == pytest.approx(sigma_u * math.sqrt(alpha_mix), rel=0.05)


def test_the_seed_decides():
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    first, again, other = (_initialised(seed=seed).state_dict() for seed in (1, 1, 2))
    for name, value in first.items():
        assert torch.equal(value, again[name])
        if "readout" not in name:
            assert (value != other[name]).float().mean() > 0.9
    # Building a decoder draws from the global generator, initialising it does not.
    decoder = RecurrentDecoder(model_spec("tinyRSNN", 96))
    torch.random.set_rng_state(before)
    decoder.initialise(InputRates(HERTZ, None), InitialisationRecipe(), 1)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_other_dtypes_are_the_same_values_rounded(dtype):
    exact = _initialised(channels=192, second=3.0, dtype=torch.float64).state_dict()
    for name, value in _initialised(channels=192, second=3.0, dtype=dtype).state_dict().items():
        assert torch.equal(value, exact[name].to(dtype))


def _windows(spikes: np.ndarray, starts: list[int], steps: int) -> TrainingWindows:
    labels = np.zeros((len(spikes), 2), np.float32)
    return TrainingWindows(SpikeEvents.from_dense(spikes), labels, np.array(starts), steps, 0.004)


@pytest.mark.parametrize("channels", [2, 96, 97, 192])
def test_input_rates_are_those_of_the_windows(channels):
    rng = np.random.default_rng(channels)
    spikes = (rng.random((90, channels)) < rng.random((90, 1))).astype(np.int8)
    starts = [0, 13, 50, 60]  # overlapping, with gaps, up to the end
    rates = input_rates(_windows(spikes, starts, 30))
    dense = np.stack([spikes[start : start + 30] for start in starts])
    assert rates.first == pytest.approx(dense[:, :, :96].mean() / 0.004)
    if channels > 96:
        assert rates.second == pytest.approx(dense[:, :, 96:].mean() / 0.004)
    else:
        assert rates.second is None


@pytest.mark.parametrize(
    ("silent", "named"), [(slice(0, 96), "0 to 95"), (slice(96, 192), "96 to 191")]
)
def test_silent_arrays_are_named(silent, named):
    spikes = np.ones((40, 192), np.int8)
    spikes[:30, silent] = 0  # and spikes outside the windows do not help
    with pytest.raises(DataError, match=f"no spikes on channels {named}"):
        input_rates(_windows(spikes, [0, 10], 20))
