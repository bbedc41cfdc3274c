"""Weights put into a user's module: all of them, and no others."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from nbsuite.errors import DecoderError
from nbsuite.models.module_interface import Model, net_of
from nbsuite.suggestions import did_you_mean

_PREFIX = "module."
"""Before the names of a module's tensors where nbsuite has written them."""


def load_weights(model: Model, tensors: Mapping[str, Tensor], origin: str) -> None:
    """Put weights into a module, in place.

    Args:
        model: the module.
        tensors: by the names of its ``state_dict()``.
        origin: the file's name, for messages.

    Raises:
        DecoderError: a tensor is missing, unknown, of another shape, or not finite.
    """
    net = net_of(model)
    name = type(net).__name__
    if tensors and all(key.startswith(_PREFIX) for key in tensors):
        tensors = {key.removeprefix(_PREFIX): value for key, value in tensors.items()}
    expected = net.state_dict()
    if unknown := sorted(tensors.keys() - expected.keys()):
        hint = did_you_mean(unknown[0], expected, otherwise="they are of another network.")
        raise DecoderError(
            f"The weights in {origin} do not fit {name}, which has no '{unknown[0]}'; {hint}"
        )
    if missing := sorted(expected.keys() - tensors.keys()):
        raise DecoderError(
            f"The weights in {origin} do not fit {name}, whose '{missing[0]}' they lack; save its "
            "whole state_dict()."
        )
    for key, value in tensors.items():
        if value.shape != expected[key].shape:
            raise DecoderError(
                f"The weights in {origin} do not fit {name}: '{key}' has shape "
                f"{tuple(value.shape)}, where {tuple(expected[key].shape)} is due; make the module "
                "as large as it was trained."
            )
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise DecoderError(f"'{key}' in {origin} is not finite; train the decoder again.")
    net.load_state_dict(dict(tensors))
