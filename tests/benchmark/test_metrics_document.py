"""The examples of docs/metrics.md, and its list of figures."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from nbsuite.benchmarking.own_metrics import load_metrics
from nbsuite.benchmarking.processors import load_processing
from nbsuite.benchmarking.quantities import QUANTITIES
from nbsuite.benchmarking.runner import run_benchmark

DOCUMENT = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_the_examples_run(tmp_path: Path, draw_decoder: Any, draw_samples: Any) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    metric, processor = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "my_metrics.py").write_text(metric)
    (tmp_path / "my_processors.py").write_text(processor)
    measured = run_benchmark(
        draw_decoder(channels=9, neurons=8),
        draw_samples(100, 9, 1),
        own=load_metrics([f"{tmp_path / 'my_metrics.py'}:Jerk"]),
        processing=load_processing(after=[f"{tmp_path / 'my_processors.py'}:Smooth"]),
    )
    assert measured.values["jerk"] > 0
    assert measured.lookahead.samples == 2


@pytest.mark.parametrize("key", QUANTITIES)
def test_every_figure_is_listed(key: str) -> None:
    listed = DOCUMENT.read_text(encoding="utf-8").partition("## Your own")[0]
    assert f"`{key}`" in listed
