"""Users' modules as decoders that can be trained: windows side by side, and their own weights."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from nbsuite.errors import DecoderError
from nbsuite.models.factory import load_factory
from nbsuite.models.initialisation import InputRates
from nbsuite.models.module_batches import WAYS
from nbsuite.models.module_spec import ModuleSpec
from nbsuite.models.module_training import TrainableModule, trainable_module
from nbsuite.neurons.dropout import Dropout
from nbsuite.spike_events import SpikeEvents
from nbsuite.training.recipe import InitialisationRecipe

FOLDER = Path(__file__).parents[1] / "own_decoders"
CHANNELS, STEPS = 12, 40
STARTS = np.array([0, 30, 7, 55])
AT_ONCE, SAMPLES, WIDENED, JOINED, SINGLY, SINGLE_SAMPLES = WAYS


@pytest.fixture(scope="module")
def events() -> SpikeEvents:
    return SpikeEvents.from_dense(np.random.default_rng(1).random((100, CHANNELS)) < 0.2)


def _own(name: str) -> TrainableModule:
    spec = ModuleSpec(name, CHANNELS, 2, 0.004)
    return trainable_module(load_factory(f"{FOLDER / name}.py:build"), spec)


def _made(make: Callable[[], nn.Module]) -> TrainableModule:
    return TrainableModule(make, ModuleSpec("mine", CHANNELS, 2, 0.004))


def _windows(decoder: TrainableModule, events: SpikeEvents) -> Tensor:
    """What the measured decoder makes of the windows, one by one."""
    dense = torch.from_numpy(events.dense(STARTS, STEPS))
    return torch.stack(
        [decoder.decode(each, kernel="stepwise").outputs for each in dense.unbind(1)], 1
    )


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("gru", AT_ONCE),
        ("gru_cell", JOINED),
        ("lstm", WIDENED),
        ("perceptron", WIDENED),
        ("leaky", AT_ONCE),
        ("rsynaptic", SAMPLES),
        ("snn2", AT_ONCE),
    ],
)
def test_windows_are_decoded_as_they_are_measured(name: str, way: str, events: SpikeEvents) -> None:
    decoder = _own(name)
    found = decoder.decode_windows(events, STARTS, STEPS)
    assert decoder._way == way
    assert found.counts is None
    torch.testing.assert_close(found.outputs, _windows(decoder, events), rtol=1e-4, atol=1e-5)
    found.outputs.square().mean().backward()
    gradients = [each.grad for each in decoder.parameters() if each.grad is not None]
    assert gradients
    assert all(bool(each.isfinite().all()) for each in gradients)
    again = decoder.decode_windows(events, STARTS, STEPS)
    assert torch.equal(again.outputs, found.outputs)  # no state leaks from batch to batch


class _BatchFirst(nn.Module):
    """Takes sequences of one recording; windows side by side would be taken for time."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(CHANNELS, 8, batch_first=True)
        self.out = nn.Linear(8, 2)

    def forward(self, spikes: Tensor, state: Any = None) -> Any:
        hidden, state = self.gru(spikes, state)
        return self.out(hidden), state


def test_what_takes_no_windows_side_by_side_decodes_one_after_the_other(
    events: SpikeEvents,
) -> None:
    decoder = _made(_BatchFirst)
    outputs = decoder.decode_windows(events, STARTS, STEPS).outputs
    assert decoder._way == SINGLY
    torch.testing.assert_close(outputs, _windows(decoder, events), rtol=1e-4, atol=1e-5)


class _OneByOne(nn.Module):
    """Takes one sample of one recording, and keeps a state of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.out = nn.Linear(CHANNELS, 2)
        self.total = torch.zeros(CHANNELS)

    def reset(self) -> None:
        self.total = torch.zeros(CHANNELS)

    def forward(self, sample: Tensor) -> Tensor:
        if len(sample) != 1:
            raise ValueError("one sample at a time")
        self.total = 0.9 * self.total + sample[0]
        decoded: Tensor = self.out(self.total)[None]
        return decoded


def test_what_takes_single_samples_alone_is_given_them(events: SpikeEvents) -> None:
    decoder = _made(_OneByOne)
    outputs = decoder.decode_windows(events, STARTS, STEPS).outputs
    assert decoder._way == SINGLE_SAMPLES
    torch.testing.assert_close(outputs, _windows(decoder, events), rtol=1e-4, atol=1e-5)


class _Normalising(nn.Module):
    """Batch normalisation and dropout of its own, one sample at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(CHANNELS)
        self.dropout = nn.Dropout(0.5)
        self.out = nn.Linear(CHANNELS, 2)

    def forward(self, spikes: Tensor) -> Tensor:
        decoded: Tensor = self.out(self.dropout(self.norm(spikes)))
        return decoded


def test_statistics_of_normalisation_stay_and_random_numbers_are_the_keys(
    events: SpikeEvents,
) -> None:
    one, other, third = (_made(_Normalising) for _ in range(3))
    for each in (other, third):
        each.load_state_dict(one.state_dict())
    first, second = (
        each.decode_windows(events, STARTS, STEPS, dropout=Dropout(0.3, 0.3, key)).outputs
        for each, key in ((one, 5), (other, 5))
    )
    assert torch.equal(first, second)
    before = torch.random.get_rng_state()
    assert not torch.equal(
        third.decode_windows(events, STARTS, STEPS, dropout=Dropout(0.3, 0.3, 6)).outputs, first
    )
    assert torch.equal(torch.random.get_rng_state(), before)
    assert float(one.module.get_buffer("norm.running_mean").abs().sum()) > 0
    assert not one.module.training


def test_dropout_of_the_input_is_the_recipes(events: SpikeEvents) -> None:
    decoder = _own("gru")
    nearly_all = Dropout(0.999, 0.0, 1)
    kept = decoder.decode_windows(events, STARTS, STEPS, dropout=nearly_all).outputs.detach()
    silence = SpikeEvents.from_dense(np.zeros((100, CHANNELS), dtype=bool))
    silent = decoder.decode_windows(silence, STARTS, STEPS).outputs.detach()
    with_all = decoder.decode_windows(events, STARTS, STEPS).outputs.detach()
    near, far = (float((each - silent).abs().mean()) for each in (kept, with_all))
    assert near < 0.5 * far


def test_what_was_learnt_is_what_is_measured(events: SpikeEvents) -> None:
    decoder = _own("gru")
    before = _windows(decoder, events)
    decoder.decode_windows(events, STARTS, STEPS).outputs.sum().backward()
    with torch.no_grad():
        for each in decoder.parameters():
            each -= 0.1 * each.grad
    after = decoder.decode_windows(events, STARTS, STEPS).outputs
    assert not torch.allclose(after, before)
    torch.testing.assert_close(_windows(decoder, events), after, rtol=1e-4, atol=1e-5)


def test_a_module_draws_its_weights_itself() -> None:
    decoder = _made(_BatchFirst)
    rates, fluctuations = InputRates(10.0, None), InitialisationRecipe()
    drawn = []
    for seed in (1, 2, 1):
        decoder.initialise(rates, fluctuations, seed)
        drawn.append(decoder.module.get_parameter("out.weight").detach().clone())
    assert torch.equal(drawn[0], drawn[2])
    assert not torch.equal(drawn[0], drawn[1])


def test_its_tensors_are_there_once_and_it_can_be_copied(events: SpikeEvents) -> None:
    decoder = _own("gru")
    assert all(name.startswith("module.") for name in decoder.state_dict())
    other = copy.deepcopy(decoder)
    with torch.no_grad():
        other.module.get_parameter("fc.weight").zero_()
        other.module.get_parameter("fc.bias").zero_()
    assert not _windows(other, events).any()
    assert _windows(decoder, events).any()


def test_weights_to_prune_are_those_that_neurobench_counts() -> None:
    assert list(_own("gru").prunable_weights()) == [
        "module.gru.weight_ih_l0",
        "module.gru.weight_hh_l0",
        "module.fc.weight",
    ]
    assert list(_made(_Normalising).prunable_weights()) == ["module.out.weight"]
    assert not _own("gru").can_halve


class _WithoutGradient(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.out = nn.Linear(CHANNELS, 2)

    def forward(self, spikes: Tensor) -> Tensor:
        decoded: Tensor = self.out(spikes).detach()
        return decoded


def test_what_has_no_gradient_is_refused(events: SpikeEvents) -> None:
    decoder = _made(_WithoutGradient)
    with pytest.raises(
        DecoderError, match=r"mine decodes without a gradient.*; leave torch.no_grad"
    ):
        decoder.decode_windows(events, STARTS, STEPS)
