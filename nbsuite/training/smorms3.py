"""SMORMS3 (Simon Funk 2015): RMSprop with a memory of its own for every weight.

With the gradient x, for every weight separately:

    r  = 1 / (mem + 1)
    g  = (1 - r) g + r x                    mean of gradients over about mem steps
    g2 = (1 - r) g2 + r x^2                 mean of their squares
    q  = g^2 / (g2 + eps)                   how much they agree, from 0 to 1
    w  = w - x min(lr, q) / (sqrt(g2) + eps)
    mem = mem (1 - q) + 1                   where they agree, forget and move on

mem starts at 1, g and g2 at 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, overload

import torch
from torch import Tensor
from torch.optim import Optimizer

if TYPE_CHECKING:
    from nbsuite.shapes import AnyShape


STATE_NAMES = ("mem", "mean", "square")
"""What is remembered of every weight: mem, g and g2 of the equations."""


class SMORMS3(Optimizer):
    """The optimiser of the published models.

    Args:
        params: tensors, or groups of them with learning rates of their own.
        lr: largest learning rate.
        eps: guard against division by zero.

    Raises:
        ValueError: ``lr`` or ``eps`` is not a number above 0.
    """

    def __init__(self, params: Iterable[Any], lr: float = 0.002, eps: float = 1e-16) -> None:
        super().__init__(params, {"lr": lr, "eps": eps})

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of tensors; what it does not say of itself is as for the others."""
        for name in ("lr", "eps"):
            value = param_group.get(name, self.defaults[name])
            if not 0 < value < float("inf"):
                raise ValueError(f"{name} is {value}: it must be above 0 and finite")
        super().add_param_group(param_group)

    @overload
    def step(self, closure: None = None) -> None: ...

    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Move every tensor that has a gradient; return the loss if ``closure`` computes it.

        Raises:
            ValueError: a gradient is sparse.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    _update(weight, weight.grad, self._state_of(weight), group["lr"], group["eps"])
        return loss

    def _state_of(self, weight: Tensor) -> dict[str, Tensor]:
        state: dict[str, Tensor] = self.state[weight]
        if not state:
            first = (torch.ones_like, torch.zeros_like, torch.zeros_like)
            state.update(
                {name: make(weight) for name, make in zip(STATE_NAMES, first, strict=True)}
            )
        return state


def _update(
    weight: AnyShape, grad: AnyShape, state: dict[str, AnyShape], lr: float, eps: float
) -> None:
    """One step of the equations above, in place."""
    if grad.is_sparse:
        raise ValueError("SMORMS3 takes no sparse gradients")
    mem, mean, square = state["mem"], state["mean"], state["square"]
    rate = (mem + 1).reciprocal_()
    mean.lerp_(grad, rate)
    square.lerp_(grad.square(), rate)
    agreement = mean.square().div_(square + eps)
    mem.addcmul_(mem, agreement, value=-1).add_(1)
    weight.addcdiv_(grad * agreement.clamp_(max=lr), square.sqrt().add_(eps), value=-1)
