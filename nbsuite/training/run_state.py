"""The state of a stage after an epoch: all that continuing it needs, in one file.

Format 1, safetensors. Tensors: ``weights/<name>`` and ``accepted/<name>`` after
``RecurrentDecoder.state_dict()``, ``optimiser/<index>/<name>`` after ``Optimizer.state_dict()``.
The metadata key ``nbsuite_run`` holds the rest as JSON. There is no random state, for everything
random is keyed by seed, stage and epoch; and no state of the schedule, which is a function of the
epoch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from nbsuite.errors import TrainingError
from nbsuite.files import atomic_write
from nbsuite.models.rsnn import RecurrentDecoder
from nbsuite.training.smorms3 import SMORMS3

FORMAT = 1
STATE_NAME = "state.safetensors"
_METADATA_KEY = "nbsuite_run"
_GROUPS = ("weights", "optimiser", "accepted")

Tensors = dict[str, Tensor]


@dataclass
class RunState:
    """How far a stage has come.

    Attributes:
        identity: what the stage was asked to do, see ``nbsuite.training.tasks``.
        epoch: epochs done; when pruning, at the present sparsity.
        lines: the log's lines of all epochs done.
        search: the pruning search's state, if there is one.
        weights: the decoder's tensors; empty before the first epoch.
        optimiser: the optimiser's tensors, likewise.
        accepted: weights of the last sparsity that the pruning search accepted, if any.
    """

    identity: Mapping[str, Any]
    epoch: int = 0
    lines: list[dict[str, Any]] = field(default_factory=list)
    search: dict[str, Any] | None = None
    weights: Tensors = field(default_factory=dict)
    optimiser: Tensors = field(default_factory=dict)
    accepted: Tensors = field(default_factory=dict)

    def take(self, decoder: RecurrentDecoder, optimiser: SMORMS3, line: dict[str, Any]) -> None:
        """Take over what an epoch left behind."""
        self.epoch += 1
        self.lines.append(line)
        self.weights = decoder.state_dict()
        self.optimiser = {
            f"{index}/{name}": value
            for index, values in optimiser.state_dict()["state"].items()
            for name, value in values.items()
        }

    def restore(self, decoder: RecurrentDecoder, optimiser: SMORMS3) -> None:
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
    tensors = {
        f"{group}/{name}": value.detach().cpu().contiguous()
        for group in _GROUPS
        for name, value in getattr(state, group).items()
    }
    fields = {
        "format": FORMAT,
        "identity": state.identity,
        "epoch": state.epoch,
        "lines": state.lines,
        "search": state.search,
    }
    with atomic_write(path) as temporary:
        save_file(tensors, temporary, {_METADATA_KEY: json.dumps(fields, allow_nan=False)})


def load_state(path: Path) -> RunState | None:
    """Read a state; None where there is none.

    Raises:
        TrainingError: the file is damaged or of another format.
    """
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            fields = json.loads((file.metadata() or {})[_METADATA_KEY])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if fields.pop("format") != FORMAT:
            raise ValueError("another format")
        state = RunState(**fields)
        for name, value in tensors.items():
            group, _, rest = name.partition("/")
            getattr(state, group)[rest] = value
    except (SafetensorError, OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise TrainingError(
            f"{path}, the state of a run that was interrupted, cannot be read ({error}): delete it"
            " to begin this stage again."
        ) from error
    return state
