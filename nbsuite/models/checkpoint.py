"""Checkpoints: safetensors files whose header says what the weights belong to.

Format 1: the tensors of the decoder's ``state_dict()``, and under the metadata key ``nbsuite`` a
JSON object (see ``nbsuite.models.header``). The model's ``kind`` says which decoder it
is (see ``nbsuite.models.kinds``); without one it is a recurrent spiking decoder, whose tensors are
all of one floating dtype.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import torch
from safetensors.torch import save_file
from torch import Tensor

from nbsuite.errors import CheckpointError, CodeNotNamedError
from nbsuite.files import atomic_write
from nbsuite.models.decoder import FLOATING, Decoder, DecoderSpec
from nbsuite.models.header import (
    FORMAT,
    CheckpointHeader,
    header_text,
    parse_header,
    written_format,
)
from nbsuite.models.kinds import expected_tensors, is_users_own, new_decoder
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.tensor_file import read_tensor_file

__all__ = [
    "DTYPES",
    "METADATA_KEY",
    "Checkpoint",
    "CheckpointHeader",
    "build_decoder",
    "load_checkpoint",
    "save_checkpoint",
    "weights_digest",
]

METADATA_KEY = "nbsuite"
DTYPES = FLOATING
_OF_USERS = (torch.float32, torch.float64, torch.float16)

Make: TypeAlias = Callable[[Any], Decoder]
Expected: TypeAlias = Mapping[str, tuple[tuple[int, ...], tuple[torch.dtype, ...]]]
"""Shape and possible dtypes of tensors by their names."""


@dataclass(frozen=True)
class Checkpoint:
    """A decoder with its header, as read from a file.

    Attributes:
        path: the file.
        header: what the weights belong to.
        decoder: the decoder in evaluation mode, in the weights' own dtype.
        digest: SHA-256 over the weights alone, see :func:`weights_digest`.
        in_file: whether the file holds all of it; of a decoder of one's own it does not.
    """

    path: Path
    header: CheckpointHeader
    decoder: Decoder = field(repr=False)
    digest: str
    in_file: bool = True

    def __repr__(self) -> str:
        header = self.header
        seed = "" if header.seed is None else f" seed {header.seed}"
        session = "" if header.session is None else f" for {header.session}"
        return f"<Checkpoint {header.spec.name}{seed}{session}: {self.path}>"


@dataclass(frozen=True)
class StoredWeights:
    """What a checkpoint's file says of its weights.

    Attributes:
        path: the file.
        header: what the weights belong to.
        digest: SHA-256 over the weights alone.
        finite: whether none of them is NaN or infinite.
    """

    path: Path
    header: CheckpointHeader
    digest: str
    finite: bool


def save_checkpoint(path: Path, decoder: Decoder, header: CheckpointHeader) -> None:
    """Write a checkpoint, whole or not at all; the same content gives the same bytes.

    Raises:
        CheckpointError: the header says what cannot be, and could not be read again.
        OSError: the folder cannot be written, or the disk is full.
    """
    try:
        text = header_text(header)
    except FormatFault as error:
        raise CheckpointError(
            f"{path} cannot be written, for its header {error}; choose other values."
        ) from error
    with atomic_write(path) as temporary:
        save_file(apart(decoder.state_dict()), temporary, {METADATA_KEY: text})


def apart(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copies on the CPU, each in memory of its own: tied weights are written twice."""
    return {
        name: value.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, value in tensors.items()
    }


def load_checkpoint(path: Path, make: Make | None = None) -> Checkpoint:
    """Read a checkpoint. Nothing in the file is ever executed.

    Args:
        path: the file.
        make: makes the decoder of a specification, where that takes code of a user's who has named
            it; its weights are then the file's.

    Raises:
        CheckpointError: the file is missing, damaged, not a checkpoint of this format, or its
            tensors do not fit its header.
        CodeNotNamedError: it is of a decoder of a user's own, and there is no code for it.
    """
    header, tensors = _read(path)
    if make is None and is_users_own(header.spec):
        name = header.spec.name
        raise CodeNotNamedError(
            f"{path} holds the weights of a decoder of a user's own, {name}, whose code is not in"
            " it: name both, as in `nbsuite benchmark my_decoder.py:build --weights"
            f" {path.name}`."
        )
    decoder = build_decoder(header.spec, tensors, str(path), make)
    return Checkpoint(path, header, decoder, weights_digest(decoder), in_file=make is None)


def read_stored(path: Path) -> StoredWeights:
    """Read what a checkpoint's file says of its weights, of which no decoder is made.

    Raises:
        CheckpointError: the file is missing, damaged, or not a checkpoint of this format.
    """
    header, tensors = _read(path)
    finite = all(bool(torch.isfinite(value).all()) for value in tensors.values())
    return StoredWeights(path, header, tensors_digest(tensors), finite)


def header_in(path: Path) -> CheckpointHeader | None:
    """The header of a file that nbsuite wrote; None of any other file of weights.

    Raises:
        CheckpointError: the header is damaged.
    """
    try:
        metadata, _ = read_tensor_file(path)
    except (FormatFault, OSError):
        return None
    return _parse_header(metadata[METADATA_KEY], path) if METADATA_KEY in metadata else None


def digest_in(path: Path) -> str:
    """SHA-256 of the weights in a checkpoint's file, of which no decoder is made.

    Raises:
        CheckpointError: the file is missing, damaged, or not a checkpoint of this format.
    """
    return read_stored(path).digest


def build_decoder(
    spec: DecoderSpec, tensors: Mapping[str, Tensor], origin: str, make: Make | None = None
) -> Decoder:
    """A decoder in evaluation mode with the given weights, in their dtype.

    Args:
        spec: the decoder's specification.
        tensors: by the names of the decoder's ``state_dict()``.
        origin: the file's name, for messages.
        make: makes the decoder, where its code is a user's.

    Raises:
        CheckpointError: there is no such decoder, or a tensor is missing, unexpected, mis-shaped,
            not finite, of another dtype than is due, or no time constant.
    """
    if not spec.is_possible():
        raise CheckpointError(
            f"{origin} describes an impossible decoder; make or copy the file again."
        )
    if make is None:
        _check_tensors(expected_tensors(spec), tensors, origin)
        decoder = new_decoder(spec)
    else:
        decoder = make(spec)
        _check_tensors(_tensors_of(decoder), tensors, origin)
    if len(decoder.precisions) > 1:  # of which the tensors have one
        decoder = decoder.to(next(iter(tensors.values())).dtype)
    decoder.load_state_dict(dict(tensors))
    if fault := decoder.fault():
        raise CheckpointError(f"{origin} {fault}; make or copy the file again.")
    decoder.origin = origin
    return decoder.eval()


def weights_digest(decoder: Decoder) -> str:
    """SHA-256 of the weights alone, see :func:`tensors_digest`."""
    return tensors_digest(decoder.state_dict())


def tensors_digest(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of tensors: names, dtypes, shapes and bytes, in the order of the names."""
    hasher = hashlib.sha256()
    for name, value in sorted(tensors.items()):
        array = value.detach().cpu().contiguous()
        hasher.update(f"{name}:{array.dtype}:{tuple(array.shape)};".encode())
        hasher.update(array.numpy().tobytes())
    return hasher.hexdigest()


def _read(path: Path) -> tuple[CheckpointHeader, dict[str, Tensor]]:
    if path.is_dir():
        raise CheckpointError(f"{path} is a folder; name the checkpoint in it (.safetensors).")
    if not path.is_file():
        raise CheckpointError(f"There is no checkpoint at {path}; check the path.")
    try:
        metadata, tensors = read_tensor_file(path)
    except FormatFault as error:
        raise CheckpointError(_not_a_checkpoint(path, error)) from error
    if METADATA_KEY not in metadata:
        raise CheckpointError(
            f"{path} holds tensors but no nbsuite header; "
            "it was not written by nbsuite: convert its original with 'nbsuite convert'."
        )
    return _parse_header(metadata[METADATA_KEY], path), tensors


def _not_a_checkpoint(path: Path, fault: FormatFault) -> str:
    """Say what a file that is no checkpoint most likely is."""
    with path.open("rb") as stream:
        start = stream.read(4)
    if start.startswith((b"PK", b"\x80")):
        return (
            f"{path} is a PyTorch file, not an nbsuite checkpoint; "
            "convert it first with 'nbsuite convert stork'."
        )
    return f"{path} {fault}; make or copy it again."


def _parse_header(text: str, path: Path) -> CheckpointHeader:
    try:
        written, fields = written_format(text)
        if written != FORMAT:
            raise CheckpointError(
                f"{path} has checkpoint format {written}, this nbsuite reads format {FORMAT}; "
                "update nbsuite or make the checkpoint again."
            )
        return parse_header(fields)
    except FormatFault as error:
        raise CheckpointError(
            f"The header of {path} is damaged: it {error}; make or copy the checkpoint again."
        ) from error


def _tensors_of(decoder: Decoder) -> Expected:
    """The tensors of a decoder that was made by code of a user's."""
    return {
        name: (tuple(value.shape), _OF_USERS if value.is_floating_point() else (value.dtype,))
        for name, value in decoder.state_dict().items()
    }


def _check_tensors(expected: Expected, tensors: Mapping[str, Tensor], origin: str) -> None:
    remedy = "make or copy the file again."
    if missing := sorted(expected.keys() - tensors.keys()):
        raise CheckpointError(f"{origin} lacks the tensor '{missing[0]}'; {remedy}")
    if extra := sorted(tensors.keys() - expected.keys()):
        raise CheckpointError(f"{origin} has an unexpected tensor '{extra[0]}'; {remedy}")
    first = next(iter(expected), "")
    for name, (shape, dtypes) in expected.items():
        value = tensors[name]
        if tuple(value.shape) != shape:
            raise CheckpointError(
                f"The tensor '{name}' of {origin} has shape {tuple(value.shape)} where "
                f"{shape} is due; pass the right model or {remedy}"
            )
        mixed = dtypes == FLOATING and value.dtype != tensors[first].dtype
        if mixed or value.dtype not in dtypes:
            due = f"it must be {dtypes[0]}"
            if dtypes == FLOATING:
                due = "all must be one of float16, float32 and float64"
            raise CheckpointError(
                f"The tensor '{name}' of {origin} is {value.dtype}; {due}: {remedy}"
            )
        if not bool(torch.isfinite(value).all()):
            raise CheckpointError(f"The tensor '{name}' of {origin} is not finite; {remedy}")
