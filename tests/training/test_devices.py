"""All that training computes is on the decoder's device, though it is not the CPU.

The meta device stands in for a GPU: its tensors have no numbers, but nearly every operation between
it and the CPU fails as it would on a GPU, where nothing else in the tests would notice.
"""

import numpy as np
import pytest
import torch

from nbsuite.models.rsnn import RecurrentDecoder
from nbsuite.neurons.dropout import Dropout
from nbsuite.spike_events import SpikeEvents
from nbsuite.training import epochs
from nbsuite.training.epochs import EpochPlan, run_epoch
from nbsuite.training.families import find_family, model_spec
from nbsuite.training.overrides import override
from nbsuite.training.pruning import apply_masks, magnitude_masks, masks_of
from nbsuite.training.recipe import LOSS_NAMES
from nbsuite.training.run_state import RunState
from nbsuite.training.smorms3 import SMORMS3
from nbsuite.training.windows import TrainingWindows

CHANNELS, STEPS, WINDOWS = 12, 7, 5
ELSEWHERE = torch.device("meta")
SMALL = (
    "windows.steps=7",
    "windows.offset_steps=7",
    "training.batch=3",
    "augmentation.drop=0.1",
    "augmentation.jitter=1",
)


@pytest.fixture
def decoder():
    return RecurrentDecoder(model_spec("tinyRSNN", CHANNELS)).to(ELSEWHERE)


@pytest.fixture
def windows():
    rng = np.random.default_rng(1)
    events = SpikeEvents.from_dense(rng.random((80, CHANNELS)) < 0.2)
    labels = rng.normal(size=(80, 2)).astype(np.float32)
    return TrainingWindows(events, labels, np.arange(WINDOWS) * 10, STEPS, 0.004)


def train(decoder, windows, loss="rmse", masks=None):
    """As far as a batch goes without numbers: up to the figures that are read at its end."""
    recipe = override(find_family("tinyRSNN").recipe, [*SMALL, f"loss.name={loss}"])
    optimiser = SMORMS3(decoder.parameters())
    plan = EpochPlan(recipe, 0.001, 1, ("finetune", 0), "reference", masks)
    with pytest.raises(NotImplementedError, match="no data"):
        run_epoch(decoder, optimiser, windows, plan)
    return optimiser


@pytest.fixture(autouse=True)
def _numbers_are_finite(monkeypatch):
    monkeypatch.setattr(epochs, "_require_finite", lambda *_: None)
    monkeypatch.setattr(torch.Tensor, "__float__", lambda _: 0.0)


@pytest.mark.parametrize("loss", LOSS_NAMES)
def test_a_batch(decoder, windows, loss):
    optimiser = train(decoder, windows, loss)
    assert {value.grad.device for value in decoder.parameters()} == {ELSEWHERE}
    states = [value for state in optimiser.state.values() for value in state.values()]
    assert len(states) == 3 * len(list(decoder.parameters()))
    assert {value.device for value in states} == {ELSEWHERE}


def test_a_pruned_decoder(decoder, windows):
    masks = magnitude_masks(decoder.prunable_weights(), 0.5)
    apply_masks(decoder, masks)
    assert {mask.device for mask in (*masks.values(), *masks_of(decoder).values())} == {ELSEWHERE}
    train(decoder, windows, masks=masks)


@pytest.mark.filterwarnings("ignore:.*copying from a non-meta parameter")
def test_going_on_from_a_state_that_was_read_from_a_file(decoder, windows):
    optimiser, state = train(decoder, windows), RunState({})
    state.take(decoder, optimiser, {})
    state.weights = {name: torch.zeros(value.shape) for name, value in state.weights.items()}
    state.optimiser = {name: torch.ones(value.shape) for name, value in state.optimiser.items()}
    resumed = SMORMS3(decoder.parameters())
    state.restore(decoder, resumed)
    assert {value.device for value in decoder.parameters()} == {ELSEWHERE}
    assert {v.device for values in resumed.state.values() for v in values.values()} == {ELSEWHERE}


def test_the_mismatch_would_be_noticed(decoder, windows, monkeypatch):
    monkeypatch.setattr(
        epochs, "spike_count_penalty", lambda counts, _: (counts * torch.ones(64)).mean()
    )
    recipe = override(find_family("tinyRSNN").recipe, SMALL)
    plan = EpochPlan(recipe, 0.001, 1, ("finetune", 0), "reference")
    with pytest.raises(RuntimeError, match="device"):
        run_epoch(decoder, SMORMS3(decoder.parameters()), windows, plan)


def test_input_windows_of_the_triton_kernel(decoder, windows):
    pytest.importorskip("triton", reason="triton is not installed; it exists for Linux only")
    from nbsuite.neurons.kernels.gpu.inputs import dense_windows

    dropout = Dropout(0.3, 0, key=1).of_input()
    weight = decoder.input.weight
    spikes = dense_windows(windows.events, windows.starts, STEPS, dropout, weight)
    assert spikes.device == ELSEWHERE
    assert spikes.shape == (STEPS, WINDOWS, CHANNELS)
