"""Decoding that has left the range of its numbers is refused, not measured.

An overflow cannot hide until the end of a chunk: what is infinite or NaN in a state stays so, for
every later value of it is a sum in which it stands. So the last state and the outputs tell.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from nbsuite.errors import CheckpointError
from nbsuite.models.decoder import Decoder
from nbsuite.models.stepwise import State


def require_finite(decoder: Decoder, outputs: Tensor, state: State) -> None:
    """Make sure that a chunk was decoded within the range of its numbers.

    Args:
        decoder: the decoder.
        outputs: what it decoded.
        state: its state after the chunk: tensors, or tuples of them.

    Raises:
        CheckpointError: a value is infinite or NaN.
    """
    if _is_finite(outputs) and _is_finite(state):
        return
    precision = str(decoder.dtype).removeprefix("torch.")
    raise CheckpointError(
        f"{decoder.origin or decoder.spec.name} decodes values that are infinite or no numbers: its"
        f" weights are too large for {precision}; train or convert it again."
    )


def _is_finite(values: Any) -> bool:
    if isinstance(values, Tensor):
        return bool(torch.isfinite(values).all())
    return all(_is_finite(each) for each in values or ())
