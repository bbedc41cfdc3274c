"""The masks of ``nbsuite.neurons.dropout`` on the GPU, for all units of one step of one window."""

from __future__ import annotations

import triton
import triton.language as tl

from nbsuite.neurons.dropout import GOLDEN, MIX_1, MIX_2, STRIDE

_GOLDEN, _STRIDE = tl.constexpr(GOLDEN), tl.constexpr(STRIDE)
_MIX_1, _MIX_2 = tl.constexpr(MIX_1), tl.constexpr(MIX_2)


@triton.jit
def mix(word: tl.tensor) -> tl.tensor:
    """Hash 32-bit words."""
    word = (word ^ (word >> 16)) * _MIX_1
    word = (word ^ (word >> 15)) * _MIX_2
    return word ^ (word >> 16)


@triton.jit
def word_of(number: tl.tensor) -> tl.tensor:
    """The 32 bits of a number that is passed as signed."""
    return number.to(tl.uint32, bitcast=True)


@triton.jit
def advance(counter: tl.tensor, steps: tl.tensor) -> tl.tensor:
    """The step's part of the hash, ``key_low + step * GOLDEN``, some steps on."""
    return counter + word_of(steps) * _GOLDEN


@triton.jit
def next_step(counter: tl.tensor) -> tl.tensor:
    """The step's part of the hash one step on."""
    return counter + _GOLDEN


@triton.jit
def previous_step(counter: tl.tensor) -> tl.tensor:
    """The step's part of the hash one step back."""
    return counter - _GOLDEN


@triton.jit
def kept_units(
    counter: tl.tensor,
    key_high: tl.tensor,
    window: tl.tensor,
    unit: tl.tensor,
    units: tl.tensor,
    threshold: tl.tensor,
) -> tl.tensor:
    """Whether the spikes of units are kept.

    Args:
        counter: the step's part of the hash, see :func:`advance`.
        key_high: the key's upper 32 bits.
        window: the window's index in its batch.
        unit: the units' indices, a vector.
        units: number of units.
        threshold: the dropout's threshold.
    """
    half = (units + 1) // 2
    in_lower = unit < half
    lane = word_of(tl.where(in_lower, unit, unit - half))
    row = mix(mix(counter) ^ word_of(key_high) ^ (word_of(window) * _STRIDE))
    word = mix(row + lane * _GOLDEN)
    bits = tl.where(in_lower, word & 0xFFFF, word >> 16)
    return bits >= word_of(threshold)
