"""The state of a stage after an epoch: all that continuing it needs, in one file.

Format 2, safetensors. Tensors: ``weights/<name>`` and ``accepted/<name>`` after
``Decoder.state_dict()``, ``optimiser/<index>/<name>`` after ``Optimizer.state_dict()``.
The metadata key ``nbsuite_run`` holds the rest as JSON, and ``nbsuite_digest`` a SHA-256 over that
and all tensors. There is no random state, for everything random is keyed by seed, stage and epoch;
and no state of the schedule, which is a function of the epoch. Format 1 had no digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.optim import Optimizer

from nbsuite.errors import TrainingError
from nbsuite.files import atomic_write
from nbsuite.models.checkpoint import apart, tensors_digest
from nbsuite.models.decoder import TrainableDecoder
from nbsuite.training.optimisers import optimiser_tensors
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.fields import decode
from nbsuite.untrusted.json_text import parse_json
from nbsuite.untrusted.tensor_file import read_tensor_file

FORMAT = 2
STATE_NAME = "state.safetensors"
LARGEST_HEADER = 32 << 20
"""Bytes that all lines of the longest log may take, see ``nbsuite.training.recipe``."""

_METADATA_KEY = "nbsuite_run"
_DIGEST_KEY = "nbsuite_digest"
_GROUPS = ("weights", "optimiser", "accepted")

Tensors = dict[str, Tensor]


@dataclass
class RunState:
    """How far a stage has come.

    Attributes:
        identity: what the stage was asked to do, see ``nbsuite.training.stage_task``.
        epoch: epochs done; when pruning, at the present sparsity.
        lines: the log's lines of all epochs done.
        search: the pruning search's state, if there is one.
        weights: the decoder's tensors; empty before the first epoch.
        optimiser: the optimiser's tensors; empty before the first epoch.
        accepted: weights of the last sparsity that the pruning search accepted, if any.
    """

    identity: Mapping[str, Any]
    epoch: int = 0
    lines: list[dict[str, Any]] = field(default_factory=list)
    search: dict[str, Any] | None = None
    weights: Tensors = field(default_factory=dict)
    optimiser: Tensors = field(default_factory=dict)
    accepted: Tensors = field(default_factory=dict)

    def take(self, decoder: TrainableDecoder, optimiser: Optimizer, line: dict[str, Any]) -> None:
        """Take over what an epoch left behind."""
        self.epoch += 1
        self.lines.append(line)
        self.weights = decoder.state_dict()
        self.optimiser = optimiser_tensors(optimiser)

    def restore(self, decoder: TrainableDecoder, optimiser: Optimizer) -> None:
        """Put decoder and optimiser where the last epoch left them, if there was one."""
        if self.epoch == 0:
            return
        decoder.load_state_dict(self.weights)
        fields = optimiser.state_dict()
        for name, value in self.optimiser.items():
            index, _, key = name.partition("/")
            fields["state"].setdefault(int(index), {})[key] = value
        optimiser.load_state_dict(fields)


def save_state(path: Path, state: RunState) -> None:
    """Write the state, whole or not at all.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    tensors = apart(
        {
            f"{group}/{name}": value
            for group in _GROUPS
            for name, value in getattr(state, group).items()
        }
    )
    fields = {
        "format": FORMAT,
        "identity": state.identity,
        "epoch": state.epoch,
        "lines": state.lines,
        "search": state.search,
    }
    text = json.dumps(fields, allow_nan=False)
    metadata = {_METADATA_KEY: text, _DIGEST_KEY: _digest(text, tensors)}
    with atomic_write(path) as temporary:
        save_file(tensors, temporary, metadata)


def load_state(path: Path) -> RunState | None:
    """Read a state; None where there is none.

    What a state of its task must be is seen to by ``nbsuite.training.state_checks``.

    Raises:
        TrainingError: the file is damaged, was changed, or is of another format.
    """
    if not path.exists():
        return None
    try:
        return _read(path)
    except FormatFault as error:
        raise unusable(path, str(error)) from error
    except OSError as error:
        raise unusable(path, f"cannot be read ({error.strerror})") from error


def unusable(path: Path, fault: str) -> TrainingError:
    """The error of a state with a fault, which is the end of a sentence about the file."""
    return TrainingError(
        f"{path}, the state of a run that was interrupted, {fault}: delete it to begin this stage"
        " again."
    )


@dataclass(frozen=True)
class _Fields:
    """The JSON of a state."""

    format: int
    identity: dict[str, Any]
    epoch: int
    lines: list[dict[str, Any]]
    search: dict[str, Any] | None


def _read(path: Path) -> RunState:
    metadata, tensors = read_tensor_file(path, largest_header=LARGEST_HEADER)
    text = metadata.get(_METADATA_KEY)
    if text is None:
        raise FormatFault("is no state of a run")
    content = parse_json(text)
    written = content.get("format") if isinstance(content, dict) else None
    if written not in (1, FORMAT):
        raise FormatFault("is of another format, or of a newer nbsuite")
    for name, value in tensors.items():
        if value.is_floating_point() and value.dtype != torch.float32:
            raise FormatFault(f"has the tensor {name!a} in {value.dtype}, not in torch.float32")
    if written == FORMAT and metadata.get(_DIGEST_KEY) != _digest(text, tensors):
        raise FormatFault("was changed or damaged since it was written, by its digest")
    fields = decode(_Fields, content)
    state = RunState(fields.identity, fields.epoch, fields.lines, fields.search)
    for name, value in tensors.items():
        group, _, rest = name.partition("/")
        if group not in _GROUPS:
            raise FormatFault(f"has the unknown tensor {name!a}")
        getattr(state, group)[rest] = value
    return state


def _digest(text: str, tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 over the fields and all tensors."""
    return hashlib.sha256(f"{text}\n{tensors_digest(tensors)}".encode()).hexdigest()
