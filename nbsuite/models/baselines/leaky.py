"""Leaky integrate-and-fire neurons as stock snnTorch's ``Leaky`` computes them.

At step t, with the membrane m, the input current i, and everything else a constant:

    r  = [m > threshold]                       reset by the membrane of the step before
    m' = beta m (1 - r) + i                    reset to zero
    m' = beta m + i - r threshold              reset by subtraction
    m' = beta m + i                            no reset
    s  = [m' > threshold]                      spike

beta is clamped to [0, 1]. snnTorch 0.7 resets to zero differently: see docs/baselines.md.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nbsuite.neurons.unit_work import UnitUpdate

Reset = Literal["subtract", "zero", "none"]
RESET_CODES: dict[Reset, int] = {"subtract": 0, "zero": 1, "none": 2}
"""The numbers under which snnTorch stores them."""

LEAKY_UPDATE = UnitUpdate(multiplies=1, adds=3, reads=2, writes=2)
"""With reset by subtraction, the dearest. m and i are read and written; beta and the threshold are
those of the layer, in registers."""

Floats = NDArray[np.float64]


class Leaky(nn.Module):
    """The constants of a layer of neurons, as snnTorch stores them; they count in the footprint.

    Args:
        beta: decay of the membrane per step.
        threshold: the threshold; stock layers keep the type of number that they are given.
        reset: what a spike does to the membrane.
        learnable: whether decay and threshold count as parameters.
    """

    beta: Tensor
    threshold: Tensor
    graded_spikes_factor: Tensor
    reset_mechanism_val: Tensor

    def __init__(
        self, beta: float, threshold: float, reset: Reset, *, learnable: bool = False
    ) -> None:
        super().__init__()
        self.reset = reset
        for name, value in (("threshold", threshold), ("beta", beta)):
            if learnable:
                self.register_parameter(name, nn.Parameter(torch.as_tensor(value)))
            else:
                self.register_buffer(name, torch.as_tensor(value))
        self.register_buffer("graded_spikes_factor", torch.as_tensor(1.0))
        self.register_buffer("reset_mechanism_val", torch.as_tensor(RESET_CODES[reset]))

    def constants(self) -> tuple[float, float]:
        """Decay, clamped, and threshold."""
        return min(max(float(self.beta), 0.0), 1.0), float(self.threshold)

    def fault(self) -> str | None:
        """What is wrong with the constants that were loaded, if anything."""
        if int(self.reset_mechanism_val) != RESET_CODES[self.reset]:
            return f"has neurons whose reset is not '{self.reset}'"
        if float(self.graded_spikes_factor) != 1.0:
            return "has neurons whose spikes are not 0 and 1"
        return None

    def step(self, membrane: Tensor, current: Tensor) -> tuple[Tensor, Tensor]:
        """One step of any number of neurons: the new membrane, and the spikes as booleans."""
        beta, threshold = self.constants()
        spiked = membrane > threshold
        if self.reset == "zero":
            membrane = membrane.masked_fill(spiked, 0.0)
        membrane = beta * membrane + current
        if self.reset == "subtract":
            membrane = membrane - threshold * spiked
        return membrane, membrane > threshold


def run_with_reset_to_zero(
    layer: Leaky, current: Floats, membrane: Floats
) -> tuple[NDArray[np.bool_], Floats]:
    """A layer through time, one step after another.

    Args:
        layer: neurons that a spike resets to zero.
        current: (steps, neurons) input currents.
        membrane: (neurons,) membranes before the first step.

    Returns:
        Spikes (steps, neurons), and the membranes after the last step.
    """
    beta, threshold = layer.constants()
    spikes = np.empty(current.shape, dtype=np.bool_)
    membrane = np.array(membrane)
    membrane[membrane > threshold] = 0.0
    for now, fired in zip(current, spikes, strict=True):
        after = beta * membrane + now
        np.greater(after, threshold, out=fired)
        membrane = np.where(fired, 0.0, after)
    # The reset belongs to the next step: the state is the membrane before it.
    return spikes, after


def run_without_reset(
    layer: Leaky, current: Floats, membrane: Floats
) -> tuple[NDArray[np.bool_], Floats]:
    """A layer without reset through time: a linear filter.

    Args:
        layer: the neurons.
        current: (steps, neurons) input currents.
        membrane: (neurons,) membranes before the first step.

    Returns:
        Spikes and membranes, (steps, neurons) each.
    """
    beta, threshold = layer.constants()
    from scipy.signal import lfilter  # takes half as long to import as torch, for all commands

    membranes, _ = lfilter([1.0], [1.0, -beta], current, axis=0, zi=beta * membrane[None])
    return membranes > threshold, membranes
