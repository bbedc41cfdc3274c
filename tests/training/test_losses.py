"""Losses and penalties, against hand computation and finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nbsuite.training.losses import loss_function
from nbsuite.training.recipe import LOSS_NAMES, LossRecipe, RegularisationRecipe
from nbsuite.training.regularizers import spike_count_penalty

SHAPE = (3, 2, 2)
velocities = arrays(np.float64, SHAPE, elements=st.floats(-5, 5))


def _huber(error, delta):
    inside = np.abs(error) <= delta
    return np.where(inside, error**2 / 2, delta * (np.abs(error) - delta / 2)).mean()


BY_HAND = {
    "rmse": lambda error, _: np.sqrt((error**2).mean()),
    "mse": lambda error, _: (error**2).mean(),
    "mae": lambda error, _: np.abs(error).mean(),
    "huber": _huber,
}


def test_every_loss_is_checked():
    assert set(BY_HAND) == set(LOSS_NAMES)


@pytest.mark.parametrize("name", LOSS_NAMES)
@given(decoded=velocities, true=velocities, delta=st.floats(0.1, 4))
def test_losses_by_hand(name, decoded, true, delta):
    loss = loss_function(LossRecipe(name, delta))
    found = loss(torch.from_numpy(decoded), torch.from_numpy(true))
    assert found.shape == ()
    assert float(found) == pytest.approx(BY_HAND[name](decoded - true, delta), abs=1e-12)


@pytest.mark.parametrize("name", LOSS_NAMES)
def test_gradients_of_losses(name):
    random = torch.Generator().manual_seed(1)
    decoded, true = torch.randn((2, *SHAPE), generator=random, dtype=torch.float64)
    loss = loss_function(LossRecipe(name, huber_delta=0.7))
    torch.autograd.gradcheck(lambda velocity: loss(velocity, true), decoded.requires_grad_())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", LOSS_NAMES)
def test_a_perfect_decoder_has_no_gradient(name, dtype):
    velocity = torch.ones(SHAPE, dtype=dtype, requires_grad=True)
    loss = loss_function(LossRecipe(name))(velocity, torch.ones(SHAPE, dtype=dtype))
    loss.backward()
    assert float(loss.detach()) < 1e-18
    assert velocity.grad is not None
    assert (velocity.grad == 0).all()


@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e-15])
def test_root_mean_square_has_its_true_slope_however_small_the_error(scale):
    error = scale * torch.randn(1000, generator=torch.Generator().manual_seed(1))
    error.requires_grad_()
    loss_function(LossRecipe("rmse"))(error, torch.zeros(1000)).backward()
    exact = error.detach().double()
    assert error.grad is not None
    torch.testing.assert_close(
        error.grad.double(), exact / (1000 * exact.square().mean().sqrt()), rtol=1e-4, atol=0
    )


def test_penalties_by_hand():
    counts = torch.tensor([[0.0, 30.0, 12.0], [0.0, 0.0, 3.0]], dtype=torch.float64)
    recipe = RegularisationRecipe(fewest=0.5, fewest_strength=6.0, most=10.0, most_strength=0.5)
    # silent: three of six counts are 0.5 short; busy: means of 14 and 1, the first 4 too many
    assert float(spike_count_penalty(counts, recipe)) == pytest.approx(
        6.0 * (3 * 0.25) / 6 + 0.5 * (16 + 0) / 2
    )


def test_published_penalties():
    recipe = RegularisationRecipe()
    silent = spike_count_penalty(torch.zeros(5, 64), recipe)
    assert float(silent) == pytest.approx(100 * 0.001**2)
    assert float(spike_count_penalty(torch.full((5, 64), 10.0), recipe)) == 0
    assert float(spike_count_penalty(torch.full((5, 64), 13.0), recipe)) == pytest.approx(0.09)


@given(
    counts=arrays(np.float64, (4, 3), elements=st.floats(0, 20)),
    recipe=st.builds(
        RegularisationRecipe, st.just(2.0), st.floats(0, 10), st.just(9.0), st.floats(0, 10)
    ),
)
def test_gradients_of_penalties(counts, recipe):
    torch.autograd.gradcheck(
        lambda each: spike_count_penalty(each, recipe),
        torch.from_numpy(counts).requires_grad_(),
        atol=1e-4,
    )
