"""The observer for TensorBoard, with a writer that only takes notes."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from nbsuite.errors import UsageError
from nbsuite.training.observer import EpochDone
from nbsuite.training.run_plan import RunRequest, plan_run, run_plan
from nbsuite.training.tensorboard import TensorBoardObserver

MODULE = "torch.utils.tensorboard"


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, MODULE, None)
    with pytest.raises(UsageError, match=r"nbsuite\[tensorboard\]"):
        TensorBoardObserver()


def test_every_epoch_is_written_and_a_run_goes_on_where_it_was(
    monkeypatch: pytest.MonkeyPatch, request_run: Callable[..., RunRequest]
) -> None:
    notes: list[tuple[Any, ...]] = []

    class Writer:
        def __init__(self, folder: str, purge_step: int) -> None:
            notes.append(("open", folder.rpartition("/")[2], purge_step))

        def add_scalar(self, name: str, value: float, step: int) -> None:
            assert math.isfinite(value)
            notes.append((name, step))

        def flush(self) -> None:
            pass

        def close(self) -> None:
            notes.append(("close",))

    module = ModuleType(MODULE)
    module.SummaryWriter = Writer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, MODULE, module)
    request = request_run(stages=("finetune",))

    def interrupt(event: Any) -> None:
        observer(event)
        if isinstance(event, EpochDone) and event.number == 2:
            raise KeyboardInterrupt

    observer = TensorBoardObserver()
    with pytest.raises(KeyboardInterrupt):
        run_plan(plan_run(request), interrupt)
    run_plan(plan_run(request), TensorBoardObserver())
    losses = [note for note in notes if note[0] in ("open", "finetune/loss", "close")]
    assert losses == [
        ("open", "tensorboard", 1),
        ("finetune/loss", 1),
        ("finetune/loss", 2),
        ("open", "tensorboard", 3),
        ("finetune/loss", 3),
        ("close",),
    ]
    assert ("finetune/validation_r2", 3) in notes
