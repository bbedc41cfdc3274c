"""One epoch: every window once, in an order and with masks that depend on the place alone."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nbsuite.tasks.opening import load_recording
from nbsuite.training import epochs
from nbsuite.training.epochs import EpochFigures, EpochPlan, cosine_lr, run_epoch
from nbsuite.training.losses import loss_function
from nbsuite.training.overrides import override
from nbsuite.training.pruning import apply_masks, magnitude_masks, masks_of
from nbsuite.training.randomness import generator_of, key_of
from nbsuite.training.recipe import Recipe
from nbsuite.training.regularizers import spike_count_penalty
from nbsuite.training.scores import R2Score
from nbsuite.training.smorms3 import SMORMS3
from nbsuite.training.windows import TrainingWindows, cut_windows

RECIPE = override(Recipe(), ["windows.steps=25", "windows.offset_steps=25", "training.batch=50"])


@pytest.fixture
def windows(tiny_recording_path: Path) -> TrainingWindows:
    return cut_windows(load_recording(tiny_recording_path), RECIPE.windows)


def _epoch(
    decoder: Any, windows: TrainingWindows, recipe: Recipe = RECIPE, **changes: Any
) -> EpochFigures:
    fields = {"lr": 0.002, "seed": 1, "place": ("finetune", 0), "kernel": "reference"}
    optimiser = SMORMS3(decoder.parameters())
    return run_epoch(decoder, optimiser, windows, EpochPlan(recipe, **{**fields, **changes}))


def test_every_window_is_seen_once_and_the_last_batch_may_be_smaller(
    windows: TrainingWindows, draw_decoder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    original = epochs._train_on

    def record(*arguments: Any) -> Any:
        seen.append(arguments[3])
        return original(*arguments)

    monkeypatch.setattr(epochs, "_train_on", record)
    _epoch(draw_decoder(), windows)
    assert [len(chosen) for chosen in seen] == [50] * (len(windows) // 50) + [len(windows) % 50]
    order = np.concatenate(seen)
    assert sorted(order) == list(range(len(windows)))
    assert list(order) != sorted(order)


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"place": ("finetune", 1)}, False),
        ({"place": ("prune", 0)}, False),
        ({"seed": 2}, False),
    ],
)
def test_the_place_decides_what_is_random(
    windows: TrainingWindows, draw_decoder: Any, changes: dict[str, Any], same: bool
) -> None:
    one, other = draw_decoder(), draw_decoder()
    _epoch(one, windows)
    _epoch(other, windows, **changes)
    assert torch.equal(one.input.weight, other.input.weight) is same


def test_figures_are_means_over_windows(windows: TrainingWindows, draw_decoder: Any) -> None:
    """With nothing random and next to no learning, batches are parts of one whole."""
    recipe = override(
        RECIPE, ["dropout.input=0", "dropout.hidden=0", "loss.name=mse", "regularisation.most=0.2"]
    )
    decoder = draw_decoder().double()
    figures = _epoch(copy.deepcopy(decoder), windows, recipe, lr=1e-300)
    with torch.no_grad():
        decoded = decoder.decode_windows(
            windows.events, windows.starts, windows.steps, kernel="reference"
        )
    target = torch.from_numpy(windows.velocity(np.arange(len(windows)))).double()
    score = R2Score()
    score.add(decoded=decoded.outputs, true=target)
    expected = loss_function(recipe.loss)(decoded.outputs, target)
    penalty = spike_count_penalty(decoded.counts, recipe.regularisation)
    assert figures.loss == pytest.approx(float(expected), rel=1e-9)
    assert figures.penalty == pytest.approx(float(penalty), rel=1e-9)
    assert figures.penalty > 0
    assert figures.train_r2 == pytest.approx(score.r2(), rel=1e-9)
    hertz = float(decoded.counts.mean()) / (windows.steps * 0.004)
    assert figures.spikes_per_second == pytest.approx(hertz, rel=1e-9)


def test_dropout_and_augmentation_are_applied(windows: TrainingWindows, draw_decoder: Any) -> None:
    plain = override(RECIPE, ["dropout.input=0", "dropout.hidden=0"])
    recipes = [
        plain,
        override(plain, ["dropout.input=0.5"]),
        override(plain, ["dropout.hidden=0.5"]),
        override(plain, ["augmentation.drop=0.5"]),
    ]
    losses = {_epoch(draw_decoder(), windows, recipe).loss for recipe in recipes}
    assert len(losses) == len(recipes)


def test_pruned_weights_stay_zero_and_others_do_not(
    windows: TrainingWindows, draw_decoder: Any
) -> None:
    decoder = draw_decoder()
    masks = magnitude_masks(decoder.prunable_weights(), 0.6)
    apply_masks(decoder, masks)
    before = decoder.input.weight.detach().clone()
    _epoch(decoder, windows, masks=masks)
    for name, mask in masks_of(decoder).items():
        assert torch.equal(mask, masks[name])
    assert bool((decoder.input.weight != before)[masks["input.weight"]].any())


def test_the_schedule_is_torchs_cosine() -> None:
    weight = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.SGD([weight], lr=0.002)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=200)
    for epoch in range(250):  # what goes on past the end goes up again
        assert cosine_lr(0.002, epoch, 200) == pytest.approx(
            schedule.get_last_lr()[0], rel=1e-6, abs=1e-12
        )
        optimiser.step()
        schedule.step()


def test_keys_tell_places_apart() -> None:
    places = [
        (1,),
        (2,),
        (1, "prune"),
        (1, "prune", 1),
        (1, "prune", "1"),
        (1, "prune", 11),
        (1, "prune", 1, 1),
        (11, "prune", 1),
    ]
    assert len({key_of(*place) for place in places}) == len(places)
    assert all(key_of(*place) < 2**64 for place in places)
    draws = {float(generator_of(*place).random()) for place in places}
    assert len(draws) == len(places)
