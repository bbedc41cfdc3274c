"""tinyRSNN and bigRSNN from stork's checkpoints, and back.

stork is the library that the published models were trained with (Rossbroich, Gygax and Zenke
2022). A checkpoint is the state dict of its model, without the base time constants and the
initial readout, which belong to the model: they come from our registry.
"""

from __future__ import annotations

import io
import re
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import torch
from torch import Tensor

from nbsuite.conversions.origin import agreed, check_channels, converted
from nbsuite.conversions.stork_layout import INPUT_WEIGHT, stork_layout
from nbsuite.conversions.torch_file import read_state_dict
from nbsuite.data.sessions import Session
from nbsuite.errors import ConversionError
from nbsuite.files import atomic_write, digest
from nbsuite.models.checkpoint import DTYPES, CheckpointHeader
from nbsuite.models.rsnn import RecurrentDecoder
from nbsuite.models.rsnn_layout import tensor_shapes
from nbsuite.models.spec import ModelSpec
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING
from nbsuite.training.families import FAMILIES, model_spec

_PUBLISHED_FILE = re.compile(r"\w+-(?P<seed>[0-9]{1,18})\.pth")
_PUBLISHED_FOLDERS = {
    f"{session.subject}{int((session.id or '')[1:]):02d}": session
    for session in PRIMATE_REACHING.sessions
}


def read_stork(
    path: Path,
    *,
    model: str | None = None,
    session: Session | None = None,
    seed: int | None = None,
) -> tuple[RecurrentDecoder, CheckpointHeader]:
    """Read a checkpoint that stork wrote; nothing in it is ever executed.

    Args:
        path: the ``.pth`` file. A published path such as ``indy01/tinyRSNN-3.pth`` tells the
            session (I1) and the seed (3).
        model: ``tinyRSNN`` or ``bigRSNN``; by default whichever the hidden layer's size tells.
        session: the session the weights were trained for.
        seed: random seed of the training run.

    Returns:
        The decoder in evaluation mode and the checkpoint's own precision, and its header.

    Raises:
        ConversionError: the file cannot be read, is not a checkpoint of such a model, or
            contradicts the path, ``model``, ``session`` or ``seed``.
        UsageError: ``model`` is unknown.
    """
    state = read_state_dict(path)
    spec = _recognise(state, model, path)
    tensors = _distinct_tensors(state, spec, path)
    told_session, told_seed = _told_by_path(path)
    session = agreed("session", session, told_session, path)
    seed = agreed("seed", seed, told_seed, path)
    check_channels(spec, session, path)
    header = CheckpointHeader(
        spec,
        session=None if session is None else session.name,
        seed=seed,
        source={"format": "stork", "file": path.name, "sha256": digest(path)},
    )
    return cast("RecurrentDecoder", converted(spec, tensors, path)), header


def write_stork(decoder: RecurrentDecoder, path: Path) -> None:
    """Write a checkpoint that stork loads; the same weights give the same bytes.

    Keys, their order, shapes and dtypes are those of stork's own files, and repeated keys share
    one storage as they do there.

    Raises:
        ConversionError: the decoder has time constants that stork's format cannot express.
        OSError: the folder cannot be written, or the disk is full.
    """
    spec = decoder.spec
    if spec not in (model_spec(name, spec.channels) for name in FAMILIES):
        raise ConversionError(
            f"{spec.name} has sizes or base time constants other than the published models', which "
            f"stork's files do not store; convert a decoder of {' or '.join(FAMILIES)} instead."
        )
    tensors = {name: value.detach().cpu() for name, value in decoder.state_dict().items()}
    state = OrderedDict((key, tensors[name]) for key, name in stork_layout(spec).items())
    buffer = io.BytesIO()  # torch.save to a path would write the temporary file's name into it
    torch.save(state, buffer)
    with atomic_write(path) as temporary:
        temporary.write_bytes(buffer.getbuffer())


def _recognise(state: Mapping[str, Tensor], model: str | None, path: Path) -> ModelSpec:
    weight = state.get(INPUT_WEIGHT)
    if weight is None or weight.ndim != 2 or 0 in weight.shape:
        raise ConversionError(
            f"{path} has no matrix '{INPUT_WEIGHT}', which every decoder of stork's has; "
            "pass a checkpoint of tinyRSNN or bigRSNN written by stork."
        )
    neurons, channels = weight.shape
    known = [model_spec(name, channels) for name in FAMILIES]
    found = next((spec for spec in known if spec.neurons == neurons), None)
    if model is not None:
        wanted = model_spec(model, channels)
        if found != wanted:
            actual = f"a {found.name}" if found else f"a network of {neurons} hidden neurons"
            raise ConversionError(
                f"{path} is {actual}, not a {wanted.name}; leave the model out or pass its file."
            )
    if found is None:
        sizes = " and ".join(f"{spec.name} {spec.neurons}" for spec in known)
        raise ConversionError(
            f"{path} has {neurons} hidden neurons, which fits no known model; "
            f"pass a checkpoint of one of these: {sizes}."
        )
    return found


def _distinct_tensors(
    state: Mapping[str, Tensor], spec: ModelSpec, path: Path
) -> dict[str, Tensor]:
    """The tensors by our names, each once, after every check."""
    layout = stork_layout(spec)
    remedy = "copy or download the file again."
    if missing := [key for key in layout if key not in state]:
        raise ConversionError(f"{path} lacks the {spec.name} tensor '{missing[0]}'; {remedy}")
    if extra := [key for key in state if key not in layout]:
        raise ConversionError(
            f"{path} has a tensor '{extra[0]}' that {spec.name} does not have; {remedy}"
        )
    shapes = tensor_shapes(spec)
    dtype = state[INPUT_WEIGHT].dtype
    tensors: dict[str, Tensor] = {}
    for key, name in layout.items():
        value = state[key]
        if fault := _fault(value, shapes[name], dtype):
            raise ConversionError(f"The tensor '{key}' of {path} {fault}; {remedy}")
        if not torch.equal(tensors.setdefault(name, value), value):
            first = next(other for other in layout if layout[other] == name)
            raise ConversionError(
                f"The tensors '{first}' and '{key}' of {path} should repeat each other "
                f"but differ; {remedy}"
            )
    return tensors


def _fault(value: Tensor, shape: tuple[int, ...], dtype: torch.dtype) -> str | None:
    if tuple(value.shape) != shape:
        return f"has shape {tuple(value.shape)} where {shape} is due"
    if value.dtype not in DTYPES:
        return f"is {value.dtype} where float16, float32 or float64 is due"
    if value.dtype != dtype:
        return f"is {value.dtype} while '{INPUT_WEIGHT}' is {dtype}"
    if not bool(torch.isfinite(value).all()):
        return "holds NaN or infinite values"
    return None


def _told_by_path(path: Path) -> tuple[Session | None, int | None]:
    """Session and seed of a path laid out as published, ``indy01/tinyRSNN-1.pth``."""
    name = _PUBLISHED_FILE.fullmatch(path.name)
    folder = path.absolute().parent.name
    return _PUBLISHED_FOLDERS.get(folder), int(name["seed"]) if name else None
