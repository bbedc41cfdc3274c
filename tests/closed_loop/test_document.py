"""The example in docs/closed-loop.md runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from nbsuite.closed_loop.trials import Trials
from nbsuite.models.checkpoint import CheckpointHeader, save_checkpoint

DOCUMENT = Path(__file__).parents[2] / "docs" / "closed-loop.md"


def test_the_example_runs(
    draw_decoder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    decoder = draw_decoder(channels=96)
    save_checkpoint(tmp_path / "mine.safetensors", decoder, CheckpointHeader(decoder.spec))
    monkeypatch.chdir(tmp_path)
    defined: dict[str, Any] = {}
    exec(example.replace(", 1000)", ", 20)"), defined)  # noqa: S102
    trials: Trials = defined["trials"]
    assert repr(trials) == f"<Trials: {int(trials.succeeded.sum())} of 20 succeeded>"
    assert (trials.lengths <= 300).all()
