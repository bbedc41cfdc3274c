"""Reading other people's PyTorch files without running anything that is in them."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nbsuite.errors import ConversionError

ZIP_SIGNATURE = b"PK\x03\x04"


def read_state_dict(path: Path, *, entry: str | None = None) -> dict[str, Tensor]:
    """The tensors of a state dict saved with ``torch.save``, on the CPU.

    Args:
        path: the file.
        entry: the name under which a file may hold the state dict beside other things.

    Only the zip format of PyTorch 1.6 and later is read: the older formats are other pickles (and
    a tar archive whose reader has run code despite ``weights_only``, CVE-2025-32434).

    Raises:
        ConversionError: the file is missing, damaged, not a PyTorch file, holds anything but
            tensors by name, or would have to run code to be read.
    """
    _check_container(path)
    content = _load(path)
    if entry is not None and isinstance(content, Mapping) and entry in content:
        content = content[entry]
    if not isinstance(content, Mapping):
        raise ConversionError(
            f"{path} holds a {type(content).__name__}, not a state dict; "
            "save the model's state_dict() instead."
        )
    for key, value in content.items():
        if not isinstance(key, str) or not _is_plain(value):
            raise ConversionError(
                f"The entry {key!r} of {path} is not a plain tensor; "
                "save the model's state_dict() alone."
            )
    return dict(content)


def _check_container(path: Path) -> None:
    if not path.is_file():
        raise ConversionError(f"There is no file {path}; check the path.")
    with path.open("rb") as stream:
        start = stream.read(len(ZIP_SIGNATURE))
    if not start:
        raise ConversionError(f"{path} is empty; copy or download it again.")
    if start != ZIP_SIGNATURE:
        raise ConversionError(
            f"{path} is not a PyTorch file (of PyTorch 1.6 or later); "
            "pass a file written by torch.save."
        )


def _load(path: Path) -> Any:
    try:
        with zipfile.ZipFile(path) as archive:
            if (damaged := archive.testzip()) is not None:  # torch compares no checksums
                raise zipfile.BadZipFile(damaged)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about TorchScript archives, which are refused anyway
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ConversionError(
            f"{path} holds Python objects that could run code, so it was not read and nothing "
            "was run; save the model's state_dict() alone."
        ) from error
    except MemoryError:
        raise
    except Exception as error:  # a damaged file can fail anywhere inside the reader
        raise ConversionError(
            f"{path} is truncated, damaged or not written by torch.save; copy or download it again."
        ) from error


def _is_plain(value: object) -> bool:
    return (
        isinstance(value, Tensor) and value.layout == torch.strided and value.device.type == "cpu"
    )
