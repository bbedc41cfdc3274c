"""Magnitude pruning: the smallest weights of each matrix are set to zero and stay there.

Each weight matrix (input, recurrent, every readout) is pruned for itself; time constants are not
pruned. A mask is True where a weight is kept. A pruned weight is exactly 0, and no other is but by
accident, so that a checkpoint of a pruned decoder holds its masks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from nbsuite.models.decoder import TrainableDecoder

Masks = Mapping[str, Tensor]


def magnitude_masks(
    weights: Mapping[str, Tensor], sparsity: float, count: Callable[[float], int] = math.floor
) -> dict[str, Tensor]:
    """Masks that remove the smallest weights of each matrix.

    Args:
        weights: weight matrices by their parameters' names.
        sparsity: share of each matrix's weights to remove, in [0, 1]. Of equal weights those that
            come first go first.
        count: makes a whole number of weights of their share; the published models were made with
            numbers cut off, not rounded.

    Returns:
        A mask for each of them, by the same names.
    """
    return {
        name: _largest(weight.detach(), count(sparsity * weight.numel()))
        for name, weight in weights.items()
    }


def masks_of(decoder: TrainableDecoder) -> dict[str, Tensor]:
    """The masks of a decoder that is pruned already: weights that are not 0 are kept."""
    return {name: weight.detach() != 0 for name, weight in decoder.prunable_weights().items()}


def apply_masks(decoder: TrainableDecoder, masks: Masks) -> None:
    """Set the pruned weights to 0: after the masks are made, and after each optimiser step."""
    with torch.no_grad():
        for name, mask in masks.items():
            decoder.get_parameter(name).masked_fill_(~mask, 0)


def mask_gradients(decoder: TrainableDecoder, masks: Masks) -> None:
    """Set the gradients of pruned weights to 0, so that an optimiser does not see them."""
    for name, mask in masks.items():
        gradient = decoder.get_parameter(name).grad
        if gradient is not None:
            gradient.masked_fill_(~mask, 0)


def _largest(weight: Tensor, removed: int) -> Tensor:
    order = torch.argsort(weight.abs().flatten(), stable=True)
    mask = torch.ones(weight.numel(), dtype=torch.bool, device=weight.device)
    mask[order[:removed]] = False
    return mask.reshape(weight.shape)
