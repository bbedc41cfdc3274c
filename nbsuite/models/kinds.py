"""The kinds of decoders: which class a specification belongs to, and what its weights look like.

A checkpoint's header names the kind of its specification; one that names none is of a recurrent
spiking decoder, the only kind there once was.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import torch

from nbsuite.models.baselines.by_name import baseline_decoder
from nbsuite.models.baselines.spec import Baseline, BaselineSpec
from nbsuite.models.linear import LinearDecoder, LinearSpec
from nbsuite.models.registry import ModelSpec
from nbsuite.models.rsnn import RecurrentDecoder, tensor_shapes
from nbsuite.untrusted.fault import FormatFault

AnySpec: TypeAlias = ModelSpec | BaselineSpec | LinearSpec
AnyDecoder: TypeAlias = RecurrentDecoder | Baseline | LinearDecoder
Shape: TypeAlias = tuple[int, ...]

FLOATING = (torch.float16, torch.float32, torch.float64)
_SPECS: dict[str, type[AnySpec]] = {
    "recurrent": ModelSpec,
    BaselineSpec.kind: BaselineSpec,
    LinearSpec.kind: LinearSpec,
}


def spec_from_json(values: dict[str, Any]) -> AnySpec:
    """The specification that a checkpoint's header holds.

    Raises:
        FormatFault: the values do not describe a decoder.
    """
    kind = values.get("kind", "recurrent")
    if not isinstance(kind, str) or kind not in _SPECS:
        raise FormatFault(f"names a kind of decoder, but no decoder is of the kind {str(kind)!a}")
    return _SPECS[kind].from_json(values)


def new_decoder(spec: AnySpec) -> AnyDecoder:
    """A decoder with arbitrary weights."""
    if isinstance(spec, ModelSpec):
        return RecurrentDecoder(spec)
    if isinstance(spec, LinearSpec):
        return LinearDecoder(spec)
    return baseline_decoder(spec)


def expected_tensors(spec: AnySpec) -> dict[str, tuple[Shape, tuple[torch.dtype, ...]]]:
    """Name, shape and possible dtypes of every tensor of a decoder, which is not built for it."""
    if isinstance(spec, ModelSpec):
        return {name: (shape, FLOATING) for name, shape in tensor_shapes(spec).items()}
    with torch.device("meta"):  # shapes alone: a header may claim any size
        state = new_decoder(spec).state_dict()
    return {name: (tuple(value.shape), (value.dtype,)) for name, value in state.items()}
