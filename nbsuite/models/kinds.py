"""The kinds of decoders: which class a specification belongs to, and what its weights look like.

A checkpoint's header names the kind of its specification; one that names none is of a recurrent
spiking decoder, the only kind there once was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

import torch

from nbsuite.errors import DecoderError
from nbsuite.models.baselines.by_name import baseline_decoder
from nbsuite.models.baselines.spec import BaselineSpec
from nbsuite.models.decoder import FLOATING, Decoder, DecoderSpec
from nbsuite.models.linear import LinearDecoder, LinearSpec
from nbsuite.models.module_spec import ModuleSpec
from nbsuite.models.rsnn import RecurrentDecoder
from nbsuite.models.rsnn_layout import tensor_shapes
from nbsuite.models.spec import ModelSpec
from nbsuite.untrusted.fault import FormatFault

Shape: TypeAlias = tuple[int, ...]


class Kind(NamedTuple):
    """A kind of decoder.

    Attributes:
        read: the specification, of which ``to_json`` made plain values; raises ``FormatFault``.
        build: a decoder of a specification with arbitrary weights; None of a decoder whose code is
            its user's, and in no file that is read.
        shapes: names and shapes of the tensors of a decoder that is not built for it; None where
            building one on torch's device ``meta`` is cheap, however large it is.
    """

    read: Callable[[dict[str, Any]], DecoderSpec]
    build: Callable[[Any], Decoder] | None
    shapes: Callable[[Any], Mapping[str, Shape]] | None = None


KINDS: dict[str, Kind] = {
    ModelSpec.kind: Kind(ModelSpec.from_json, RecurrentDecoder, tensor_shapes),
    BaselineSpec.kind: Kind(BaselineSpec.from_json, baseline_decoder),
    LinearSpec.kind: Kind(LinearSpec.from_json, LinearDecoder),
    ModuleSpec.kind: Kind(ModuleSpec.from_json, None),
}


def spec_from_json(values: dict[str, Any]) -> DecoderSpec:
    """The specification that a checkpoint's header holds.

    Raises:
        FormatFault: the values do not describe a decoder.
    """
    kind = values.get("kind", ModelSpec.kind)
    if not isinstance(kind, str) or kind not in KINDS:
        raise FormatFault(f"names a kind of decoder, but no decoder is of the kind {str(kind)!a}")
    return KINDS[kind].read(values)


def is_users_own(spec: DecoderSpec) -> bool:
    """Whether a decoder is made by code of its user's."""
    return KINDS[spec.kind].build is None


def new_decoder(spec: DecoderSpec) -> Decoder:
    """A decoder with arbitrary weights.

    Raises:
        DecoderError: it is made by code of its user's.
    """
    build = KINDS[spec.kind].build
    if build is None:
        raise DecoderError(
            f"{spec.name} is a decoder of a user's own, whose code is not run unasked: name it, as"
            " in my_decoder.py:build."
        )
    return build(spec)


def expected_tensors(spec: DecoderSpec) -> dict[str, tuple[Shape, tuple[torch.dtype, ...]]]:
    """Name, shape and possible dtypes of every tensor of a decoder, which is not built for it."""
    kind = KINDS[spec.kind]
    if kind.shapes is not None:
        return {name: (shape, FLOATING) for name, shape in kind.shapes(spec).items()}
    with torch.device("meta"):  # shapes alone: a header may claim any size
        decoder = new_decoder(spec)
    return {
        name: (
            tuple(value.shape),
            decoder.precisions if value.is_floating_point() else (value.dtype,),
        )
        for name, value in decoder.state_dict().items()
    }
