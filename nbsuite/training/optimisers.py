"""Optimisers by name: what takes the gradient of a batch into new weights.

Each is built without a learning rate of the recipe's: the schedule gives it one every epoch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from nbsuite.training.recipe import TrainingRecipe
from nbsuite.training.smorms3 import SMORMS3

Parameters = Sequence[nn.Parameter]

OPTIMISERS: Mapping[str, Callable[[Parameters, TrainingRecipe], Optimizer]] = {
    "smorms3": lambda parameters, recipe: SMORMS3(parameters, eps=recipe.eps),
    "adam": lambda parameters, recipe: Adam(parameters, eps=recipe.eps),
    "adamw": lambda parameters, recipe: AdamW(
        parameters, eps=recipe.eps, weight_decay=recipe.weight_decay
    ),
    "sgd": lambda parameters, recipe: SGD(parameters, momentum=recipe.momentum),
}
"""By the recipe's ``training.optimiser``: what makes one for some parameters."""


def new_optimiser(parameters: Iterable[nn.Parameter], recipe: TrainingRecipe) -> Optimizer:
    """The recipe's optimiser of those parameters that learn, before its first step."""
    learning = [each for each in parameters if each.requires_grad]
    return OPTIMISERS[recipe.optimiser](learning, recipe)


def optimiser_tensors(optimiser: Optimizer) -> dict[str, Tensor]:
    """What an optimiser remembers: tensors by ``<index of the parameter>/<name>``."""
    return {
        f"{index}/{name}": value
        for index, values in optimiser.state_dict()["state"].items()
        for name, value in values.items()
        if isinstance(value, Tensor)
    }


def expected_memory(
    parameters: Iterable[nn.Parameter], recipe: TrainingRecipe
) -> dict[str, Tensor]:
    """Tensors of the names, shapes and dtypes of :func:`optimiser_tensors` after a step."""
    copies = [
        nn.Parameter(torch.zeros_like(each, device="cpu"))
        for each in parameters
        if each.requires_grad
    ]
    optimiser = new_optimiser(copies, recipe)
    for each in copies:
        each.grad = torch.zeros_like(each)
    optimiser.step()
    return optimiser_tensors(optimiser)
