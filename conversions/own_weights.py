"""Reading the weights of a user's own module, without running anything that is in their file."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from nbsuite.conversions.torch_file import read_state_dict
from nbsuite.errors import ConversionError
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.tensor_file import read_tensor_file


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a file: safetensors, or a state dict that ``torch.save`` has written.

    Raises:
        ConversionError: the file is missing, damaged, or holds anything but tensors by name.
    """
    if path.suffix != ".safetensors":
        return read_state_dict(path, entry="state_dict")
    if not path.is_file():
        raise ConversionError(f"There is no file {path}; check the path.")
    try:
        return read_tensor_file(path)[1]
    except FormatFault as error:
        raise ConversionError(f"{path} {error}; save the weights again.") from error
