"""The log of a stage: one line of JSON an epoch.

=====================  ===========================================================================
key                    value
=====================  ===========================================================================
``stage``              pretrain, finetune or prune
``epoch``, ``epochs``  the epoch, from 1, and how many there are (at this sparsity, when pruning)
``sparsity``           share of weights that is removed; when pruning only
``lr``                 learning rate
``loss``               mean over the epoch's windows, dropout on, as it was trained on
``penalty``            mean of the regularisers over the same windows
``train_r2``           R2 of what was decoded in training: dropout on, while weights changed
``batch_r2``           mean over batches of the same, as the published code reports it
``validation_r2``      R2 on the stretch held out, after the epoch, without dropout
``spikes_per_second``  of a hidden neuron, mean over the epoch's windows
``windows_per_second`` speed of training, without what is measured after the epoch
``threads``            threads that it was trained with
``seconds``            time that the epoch took, with everything
=====================  ===========================================================================

An R2 that is undefined, the true velocity being constant, is null.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbsuite.files import atomic_write
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.fields import decode_known
from nbsuite.untrusted.files import read_bounded_text
from nbsuite.untrusted.json_text import parse_json

LOG_NAME = "log.jsonl"
LARGEST_LOG = 32 << 20

Line = Mapping[str, Any]


def rewrite_log(folder: Path, lines: Sequence[Line]) -> None:
    """Make the log consist of just these lines: those of epochs that are kept.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    with atomic_write(folder / LOG_NAME) as temporary:
        temporary.write_text("".join(_encoded(line) for line in lines), encoding="utf-8")


def append_log(folder: Path, line: Line) -> None:
    """Add a line to the log.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    with (folder / LOG_NAME).open("a", encoding="utf-8") as stream:
        stream.write(_encoded(line))


def read_log(folder: Path) -> list[dict[str, Any]]:
    """The lines of a stage's log; what they say is not looked at.

    Raises:
        FormatFault: it is too large, or a line is no JSON object.
        OSError: there is none.
    """
    text = read_bounded_text(folder / LOG_NAME, LARGEST_LOG)
    lines = [parse_json(line) for line in text.splitlines()]
    if not all(isinstance(line, dict) for line in lines):
        raise FormatFault("has a line that is no object of fields")
    return lines


@dataclass(frozen=True)
class _Figures:
    """What any line must hold that a run goes on from."""

    stage: str
    epoch: int
    epochs: int
    lr: float
    loss: float
    penalty: float
    train_r2: float | None
    validation_r2: float | None
    spikes_per_second: float | None
    windows_per_second: float
    seconds: float
    sparsity: float | None = None
    batch_r2: float | None = None
    threads: int | None = None


def check_line(line: Line) -> None:
    """Make sure that a line has its figures, and each of its type.

    Raises:
        FormatFault: it has not.
    """
    decode_known(_Figures, line)


def _encoded(line: Line) -> str:
    return json.dumps(line, allow_nan=False) + "\n"
