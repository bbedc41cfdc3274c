"""Where foreign weights come from, as far as their path and the user tell."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from torch import Tensor

from nbsuite.data.sessions import Session
from nbsuite.errors import CheckpointError, ConversionError
from nbsuite.models.checkpoint import Checkpoint, build_decoder
from nbsuite.models.decoder import Decoder, DecoderSpec
from nbsuite.models.rsnn import RecurrentDecoder

_Value = TypeVar("_Value", Session, int)


def agreed(what: str, given: _Value | None, told: _Value | None, path: Path) -> _Value | None:
    """What the user has given, or else what the path tells.

    Raises:
        ConversionError: the two differ.
    """
    if given is not None and told is not None and given != told:
        raise ConversionError(
            f"The path {path} tells the {what} {_text(told)}, not {_text(given)} as asked for; "
            f"leave the {what} out or rename the file."
        )
    return told if given is None else given


def _text(value: object) -> str:
    return value.label if isinstance(value, Session) else str(value)


def check_channels(spec: DecoderSpec, session: Session | None, path: Path) -> None:
    """Make sure that weights fit the session they are said to be of.

    Raises:
        ConversionError: they take another number of channels.
    """
    if session is not None and session.channels != spec.channels:
        raise ConversionError(
            f"{path} decodes {spec.channels} channels but session {session.label} has "
            f"{session.channels}; name the session it was trained for."
        )


def converted(spec: DecoderSpec, tensors: Mapping[str, Tensor], path: Path) -> Decoder:
    """A decoder in evaluation mode of foreign weights.

    Raises:
        ConversionError: they do not fit the specification, or are no weights of such a decoder.
    """
    try:
        return build_decoder(spec, tensors, str(path))
    except CheckpointError as error:
        raise ConversionError(str(error)) from error


def recurrent_decoder(checkpoint: Checkpoint, purpose: str) -> RecurrentDecoder:
    """The decoder of a checkpoint, where only a recurrent one will do.

    Args:
        checkpoint: the checkpoint.
        purpose: what it is wanted for, as the end of "cannot be ...".

    Raises:
        CheckpointError: it is of another kind.
    """
    if not isinstance(checkpoint.decoder, RecurrentDecoder):
        raise CheckpointError(
            f"{checkpoint.path} holds a decoder {checkpoint.header.spec.name}, which cannot be "
            f"{purpose}; pass a recurrent spiking decoder such as tinyRSNN."
        )
    return checkpoint.decoder
