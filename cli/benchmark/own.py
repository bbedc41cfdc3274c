"""Decoders of a user's own as the benchmark's arguments name them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nbsuite.benchmarking.own_decoders import OwnDecoder, Weights
from nbsuite.conversions.own_weights import read_weights
from nbsuite.errors import UsageError
from nbsuite.models.checkpoint import header_in
from nbsuite.models.factory import load_factory, names_decoder


def own_decoders(
    arguments: Sequence[Path], weights: Sequence[Path], name: str | None
) -> tuple[list[OwnDecoder], tuple[Path, ...]]:
    """The decoders of one's own among the arguments, whose code is run, and the checkpoints.

    Args:
        arguments: references of decoders and paths of checkpoints.
        weights: files of weights for the one decoder of one's own.
        name: what results are to call it.

    Raises:
        UsageError: weights or a name are given for none, or for several.
        DecoderError: a decoder cannot be imported.
        ConversionError: weights cannot be read.
    """
    references = [each for each in arguments if not each.exists() and names_decoder(str(each))]
    references += [each for each in arguments if each.suffix == ".py" and each.exists()]
    if (weights or name) and len(references) != 1:
        option = "--weights" if weights else "--name"
        raise UsageError(
            f"{option} is for one decoder of your own, and {len(references)} are named; name one, "
            "as my_decoder.py:build."
        )
    read = [Weights(path, read_weights(path), header_in(path)) for path in weights]
    own = [OwnDecoder(load_factory(str(each)), name, read) for each in references]
    return own, tuple(each for each in arguments if each not in references)
