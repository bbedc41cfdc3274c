"""Neurons through time: compiled against snnTorch's own loop, to the bit."""

from __future__ import annotations

from typing import Any

import pytest
import snntorch as snn
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsuite.errors import UsageError
from nbsuite.neurons import through_time as module
from nbsuite.neurons.through_time import through_time

NEURONS = 7


def _layer(kind: str, reset: str, seed: int, *, learn: bool = False) -> Any:
    random = torch.Generator().manual_seed(seed)
    decays = torch.rand(2, NEURONS, generator=random) * 1.2 - 0.1
    options = {"reset_mechanism": reset, "learn_beta": learn}
    threshold = 0.5 + torch.rand(NEURONS, generator=random)
    if kind == "leaky":
        return snn.Leaky(decays[0], threshold, **options)
    if kind == "synaptic":
        return snn.Synaptic(decays[1], decays[0], threshold, **options)
    if kind == "recurrent":
        return snn.RSynaptic(0.9, 0.8, linear_features=NEURONS, **options)
    return snn.RLeaky(0.8, linear_features=NEURONS, **options)


def _loop(layer: Any, currents: torch.Tensor, states: int) -> Any:
    """As snnTorch's tutorials do it."""
    state: Any = [torch.zeros_like(currents[0])] * states
    spikes, membranes = [], []
    for current in currents:
        answer = layer(current, *state)
        state = answer[len(answer) - states :]
        spikes.append(answer[0])
        membranes.append(answer[-1])
    return torch.stack(spikes), torch.stack(membranes), state


@pytest.mark.parametrize("kind", ["leaky", "synaptic"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@given(
    reset=st.sampled_from(["subtract", "zero", "none"]),
    seed=st.integers(0, 1000),
    batch=st.sampled_from([(), (1,), (3,)]),
)
@settings(max_examples=20)
def test_compiled_as_snntorch(
    kind: str, dtype: torch.dtype, reset: str, seed: int, batch: tuple[int, ...]
) -> None:
    layer = _layer(kind, reset, seed).to(dtype)
    random = torch.Generator().manual_seed(seed)
    currents = torch.randn(40, *batch, NEURONS, generator=random, dtype=dtype)
    spikes, membranes, state = _loop(layer, currents, states=1 + (kind == "synaptic"))
    assert 0 < spikes.mean() < 1
    first = through_time(layer, currents[:15])
    second = through_time(layer, currents[15:], first.state)
    assert torch.equal(torch.cat([first.spikes, second.spikes]), spikes)
    assert torch.equal(torch.cat([first.membranes, second.membranes]), membranes)
    assert all(map(torch.equal, second.state, state))


@pytest.mark.parametrize("kind", ["leaky", "synaptic"])
@pytest.mark.parametrize("reset", ["subtract", "zero", "none"])
def test_what_overflows_is_as_in_snntorch(kind: str, reset: str) -> None:
    layer = _layer(kind, reset, 1)
    currents = torch.tensor([1.0, torch.inf, 1.0, -torch.inf, 1.0])[:, None].repeat(1, NEURONS)
    with torch.no_grad():
        spikes, membranes, _ = _loop(layer, currents, states=1 + (kind == "synaptic"))
        done = through_time(layer, currents)
    assert torch.equal(done.spikes, spikes)
    torch.testing.assert_close(done.membranes, membranes, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize(("kind", "states"), [("recurrent", 3), ("rleaky", 2)])
def test_recurrent_neurons(kind: str, states: int) -> None:
    layer, currents = _layer(kind, "subtract", 1), torch.randn(20, NEURONS)
    with torch.no_grad():
        spikes, membranes, _ = _loop(layer, currents, states)
        first = through_time(layer, currents[:8])
        second = through_time(layer, currents[8:], first.state)
    assert torch.equal(torch.cat([first.spikes, second.spikes]), spikes)
    assert torch.equal(torch.cat([first.membranes, second.membranes]), membranes)


def test_gradients_are_those_of_the_loop() -> None:
    layer, currents = _layer("leaky", "subtract", 2, learn=True), torch.randn(20, NEURONS)
    gradients = []
    for run in (lambda: through_time(layer, currents), lambda: _loop(layer, currents, 1)):
        layer.zero_grad()
        run()[0].sum().backward()
        gradients.append(layer.beta.grad.clone())
    assert torch.equal(*gradients)
    assert gradients[0].abs().sum() > 0


@pytest.mark.parametrize(
    "options",
    [
        {"state_quant": lambda value: value.round()},
        {"graded_spikes_factor": 2.0},
        {"reset_delay": False},
        {"spike_grad": lambda shift: (shift >= 0).float()},
    ],
    ids=lambda options: next(iter(options)),
)
def test_other_neurons_are_called_step_by_step(options: dict[str, Any]) -> None:
    assert not module._is_plain(snn.Leaky(0.9, **options))


def test_hooks_see_the_whole_sequence() -> None:
    layer, seen = snn.Leaky(0.9), []
    layer.register_forward_hook(lambda _layer, _inputs, output: seen.append(output[0]))
    done = through_time(layer, torch.ones(5, NEURONS))
    assert len(seen) == 1
    assert torch.equal(seen[0], done.spikes)


def test_hooks_that_need_every_step_are_called_at_every_step() -> None:
    layer, seen = snn.Leaky(0.9), []
    layer.register_forward_pre_hook(lambda _layer, inputs: (2 * inputs[0], *inputs[1:]))
    layer.register_forward_hook(lambda *given: seen.append(len(given)), with_kwargs=True)
    done = through_time(layer, torch.ones(5, NEURONS))
    assert seen == [4] * 5
    assert torch.equal(done.membranes[0], torch.full((NEURONS,), 2.0))


def test_a_hook_that_changes_the_outputs_is_refused() -> None:
    layer = snn.Leaky(0.9)
    layer.register_forward_hook(lambda _layer, _inputs, outputs: outputs)
    with pytest.raises(UsageError, match="Leaky changes what the layer returns"):
        through_time(layer, torch.ones(5, NEURONS))


def test_a_layer_that_keeps_its_state_is_refused() -> None:
    with pytest.raises(UsageError, match="make the layer with init_hidden=False"):
        through_time(snn.Leaky(0.9, init_hidden=True), torch.ones(5, NEURONS))
