"""Penalties on the number of spikes of hidden neurons.

With n_bj the number of spikes of neuron j in window b,

    fewest_strength * mean_bj relu(fewest - n_bj)^2
    + most_strength * mean_b relu(mean_j n_bj - most)^2

The first revives single neurons that are silent; the second calms a layer that is too busy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn.functional import relu

from nbsuite.training.recipe import RegularisationRecipe

if TYPE_CHECKING:
    from nbsuite.shapes import Scalar, WindowsNeurons


def spike_count_penalty(counts: WindowsNeurons, recipe: RegularisationRecipe) -> Scalar:
    """The two penalties, added.

    Args:
        counts: spikes per window, before dropout.
        recipe: thresholds in spikes per window, and strengths.
    """
    silent = relu(recipe.fewest - counts).square().mean()
    busy = relu(counts.mean(dim=1) - recipe.most).square().mean()
    return recipe.fewest_strength * silent + recipe.most_strength * busy
