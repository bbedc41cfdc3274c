"""The ridge decoder: against scikit-learn, and from a recording to official figures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score

from nbsuite.benchmarking.runner import run_benchmark
from nbsuite.data.recording import Recording
from nbsuite.data.sample_dataset import SampleDataset
from nbsuite.data.spike_storage import PackedSpikes
from nbsuite.errors import DataError, UsageError
from nbsuite.models.checkpoint import load_checkpoint, save_checkpoint
from nbsuite.models.training_data import UNTRAINED
from nbsuite.tasks.opening import load_recording
from nbsuite.training.recipe import WindowRecipe
from nbsuite.training.ridge import RidgeRecipe, train_ridge
from nbsuite.training.windows import validation_split

RECIPE = RidgeRecipe(bins=5, bin_steps=10, sample_steps=3, lowest_penalty=1, highest_penalty=1e4)


@pytest.fixture(scope="module")
def recording(tiny_recording_path: Path) -> Recording:
    return load_recording(tiny_recording_path, use_cache=False)


def _counts(recording: Recording, samples: range, recipe: RidgeRecipe) -> Any:
    """Counts of each sample's bins, one sample and bin at a time."""
    length = recipe.bins * recipe.bin_steps
    spikes = np.pad(recording.spikes(0, samples.stop), ((length, 0), (0, 0))).astype(np.int64)
    rows = [
        spikes[sample + 1 : sample + 1 + length].reshape(recipe.bins, recipe.bin_steps, -1).sum(1)
        for sample in samples
    ]
    return np.stack(rows).reshape(len(rows), -1)


def test_the_weights_are_those_of_scikit_learn(recording: Recording) -> None:
    held_out = validation_split(recording, WindowRecipe())
    fitted = range(0, held_out.start, RECIPE.sample_steps)
    counts, labels = _counts(recording, fitted, RECIPE), recording.labels[fitted]
    validation = range(held_out.start, held_out.stop)
    seen, true = _counts(recording, validation, RECIPE), recording.labels[validation]
    scores = {}
    for penalty in np.geomspace(1, 1e4, RECIPE.penalties):
        model = Ridge(alpha=penalty).fit(counts, labels)
        scores[penalty] = (r2_score(true, model.predict(seen)), model)
    best = max(scores, key=lambda penalty: scores[penalty][0])
    score, model = scores[best]

    trained = train_ridge(recording, RECIPE)
    assert trained.penalty == best
    assert trained.validation_r2 == pytest.approx(score, abs=1e-5)
    readout = trained.decoder.readout
    assert readout.weight.detach().numpy() == pytest.approx(model.coef_, abs=1e-6)
    assert readout.bias.detach().numpy() == pytest.approx(model.intercept_, abs=1e-6)


def test_from_a_recording_to_a_checkpoint_with_official_figures(
    recording: Recording, tmp_path: Path
) -> None:
    trained = train_ridge(recording, RECIPE)
    save_checkpoint(tmp_path / "ridge.safetensors", trained.decoder, trained.header)
    loaded = load_checkpoint(tmp_path / "ridge.safetensors")
    assert loaded.header.spec.name == "ridge"
    assert loaded.header.seed is None
    assert loaded.header.session == recording.session.name
    recipe = loaded.header.recipe
    assert recipe is not None
    assert RidgeRecipe.from_json(recipe["ridge"]) == RECIPE
    assert loaded.header.trained_on == UNTRAINED.followed_by([recording])

    samples = SampleDataset(recording, recording.test)
    values = run_benchmark(loaded.decoder, samples).values
    assert values["dense"] == 5 * 96 * 2
    assert values["footprint"] == 5 * 96 * 2 * 4 + 2 * 4 + 50 * 96
    assert values["r2"] > 0.15
    # The test set is decoded with an empty past.
    counts = _counts(recording, range(recording.test.start, recording.test.stop), RECIPE)
    decoded = torch.from_numpy(counts).float() @ trained.decoder.readout.weight.T
    past = (decoded + trained.decoder.readout.bias)[50:].detach()
    assert run_benchmark(loaded.decoder, samples).outputs[50:] == pytest.approx(past, abs=1e-5)


def test_a_second_fit_gives_the_same_bytes(recording: Recording, tmp_path: Path) -> None:
    for name in ("a", "b"):
        trained = train_ridge(recording, RECIPE)
        save_checkpoint(tmp_path / name, trained.decoder, trained.header)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_recipe_comes_back_as_it_was() -> None:
    assert RidgeRecipe.from_json(json.loads(json.dumps(RECIPE.to_json()))) == RECIPE
    assert RidgeRecipe.from_json({}) == RidgeRecipe()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"bins": 0}, r"ridge\.bins is 0; it must be at least 1"),
        ({"lowest_penalty": 1e9}, r"ridge\.lowest_penalty is 1000000000.0; it must be at most"),
        ({"bins": 10**9}, "not span more than a minute"),
        ({"lags": 8}, "unknown key 'lags'"),
        ({"bins": 1.5}, "whole number"),
        ({"penalties": 10**9}, "at most 1,000"),
    ],
)
def test_recipes_that_make_no_sense(values: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        RidgeRecipe.from_json(values)


def test_a_recording_that_is_too_short(recording: Recording) -> None:
    with pytest.raises(DataError, match="fewer than the 9000 that the decoder looks back"):
        train_ridge(recording, RidgeRecipe(bins=90, bin_steps=100))


def test_a_hand_that_stands_still(recording: Recording) -> None:
    labels = np.array(recording.labels)
    held_out = validation_split(recording, WindowRecipe())
    labels[held_out.start : held_out.stop] = 0.5
    with pytest.raises(DataError, match="targets that never change, x and y, in the samples"):
        train_ridge(replace(recording, labels=labels), RECIPE)


def test_velocities_too_large_to_be_fitted(recording: Recording) -> None:
    with pytest.raises(DataError, match="targets that are too large to be fitted"):
        train_ridge(replace(recording, labels=recording.labels * np.float32(1e25)), RECIPE)


def test_a_penalty_too_small_for_channels_that_say_the_same(recording: Recording) -> None:
    packed = np.array(recording.stored.packed)
    packed[:, 0] = packed[:, 0] & 0b11111101 | (packed[:, 0] & 1) << 1
    recipe = replace(RECIPE, lowest_penalty=1e-30)
    with pytest.raises(UsageError, match=r"ridge\.lowest_penalty is 1e-30; it must be larger: "):
        train_ridge(replace(recording, stored=PackedSpikes(packed, 96)), recipe)


def test_more_counts_than_memory_holds(recording: Recording) -> None:
    with pytest.raises(UsageError, match=r"ridge\.bins is 2000; it must be at most 170 for 96"):
        train_ridge(recording, RidgeRecipe(bins=2000, bin_steps=1))
