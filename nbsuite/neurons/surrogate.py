"""SuperSpike: a step function with a smooth stand-in for its gradient.

Zenke and Ganguli (2018), "SuperSpike: Supervised learning in multilayer spiking neural networks".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from nbsuite.shapes import AnyShape


STEEPNESS = 20.0


class SuperSpike(torch.autograd.Function):
    """Forward: 1 where the input is above 0, else 0, in the input's own dtype.

    Backward: the gradient times 1 / (20 |x| + 1)^2. snnTorch's own surrogates emit float32
    whatever they are given, which breaks half precision.
    """

    @staticmethod
    def forward(ctx: Any, distance: AnyShape) -> AnyShape:
        """Spikes of neurons whose membrane potential is ``distance`` above threshold."""
        ctx.save_for_backward(distance)
        return (distance > 0).to(distance.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: AnyShape) -> AnyShape:
        """Gradient with the step's derivative replaced by SuperSpike's."""
        distance: Tensor = ctx.saved_tensors[0]
        return gradient / (STEEPNESS * distance.abs() + 1.0).square()


def superspike(distance: AnyShape) -> AnyShape:
    """Spikes where ``distance`` (membrane potential minus threshold) is strictly positive."""
    spikes: Tensor = SuperSpike.apply(distance)  # type: ignore[no-untyped-call]
    return spikes
