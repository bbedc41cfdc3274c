"""Decay factors from unconstrained, learnable parameters.

A neuron's membrane and synapse lose the fraction ``1 - decay`` of their value each time step dt:

    decay = exp(-dt / (tau * softplus(p)))

The parameter p may be any real number, so an optimiser needs no clamp and meets no dead gradient
at the borders of [0, 1]; this is stork's parameterisation (Rossbroich, Gygax and Zenke 2022).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import nn
from torch.nn.functional import softplus

if TYPE_CHECKING:
    from nbsuite.shapes import AnyShape


class TimeConstants(NamedTuple):
    """Base time constants of a layer in seconds; each neuron scales them by softplus(p)."""

    membrane: float
    synapse: float


def decay(parameter: AnyShape, time_constant: float, step: float) -> AnyShape:
    """Fraction kept over one time step.

    In half precision every operation rounds once and the scalars stay unrounded; this order of
    operations reproduces stork's half-precision runs bit for bit.

    Args:
        parameter: unconstrained parameters, any shape.
        time_constant: base time constant in seconds.
        step: the time step in seconds.
    """
    return torch.exp((time_constant * softplus(parameter)).reciprocal() * -step)


def parameter_of_decay(value: AnyShape, time_constant: float, step: float) -> AnyShape:
    """The parameter p for which ``decay(p, time_constant, step)`` is ``value``, each in (0, 1)."""
    scale = -step / (time_constant * torch.log(value))
    return scale + torch.log(-torch.expm1(-scale))  # inverse of softplus, stable for large scales


class Decay(nn.Module):
    """Parametrization (``torch.nn.utils.parametrize``) that shows a parameter as a decay."""

    def __init__(self, time_constant: float, step: float) -> None:
        super().__init__()
        self.time_constant, self.step = time_constant, step

    def forward(self, parameter: AnyShape) -> AnyShape:
        """Unconstrained parameter to decay."""
        return decay(parameter, self.time_constant, self.step)

    def right_inverse(self, value: AnyShape) -> AnyShape:
        """Decay to unconstrained parameter, so that ``layer.beta = value`` can be written."""
        return parameter_of_decay(value, self.time_constant, self.step)
