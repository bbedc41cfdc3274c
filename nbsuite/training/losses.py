"""Losses between decoded and true velocity, each a mean over batch, time and outputs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import huber_loss, l1_loss, mse_loss

from nbsuite.training.recipe import LossRecipe

if TYPE_CHECKING:
    from nbsuite.shapes import AnyShape, Scalar


Loss = Callable[[Tensor, Tensor], Tensor]


def loss_function(recipe: LossRecipe) -> Loss:
    """The loss that a recipe names: a function of decoded and true velocity.

    >>> rmse = loss_function(LossRecipe("rmse"))
    >>> float(rmse(torch.tensor([3.0, 5.0]), torch.tensor([0.0, 1.0])))
    3.535533905029297
    """
    losses: dict[str, Loss] = {
        "rmse": root_mean_squared_error,
        "mse": mse_loss,
        "mae": l1_loss,
        "huber": partial(huber_loss, delta=recipe.huber_delta),
    }
    return losses[recipe.name]


def root_mean_squared_error(velocity: AnyShape, target: AnyShape) -> Scalar:
    """Square root of the mean squared error.

    The square root's slope at 0 is infinite, and infinity times the zero error is not a number.
    Below the smallest normal number the mean is held constant, so that a perfect decoder gets a
    gradient of zero; any other gets the true one.
    """
    mean = mse_loss(velocity, target)
    return mean.clamp(min=torch.finfo(mean.dtype).tiny).sqrt()
