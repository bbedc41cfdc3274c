"""Pictures of training: what they must say, and that gaps do not break them."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from nbsuite.pictures import save_picture
from nbsuite.plots_training import draw_pruning, draw_training


def _line(epoch: int, **changes: Any) -> dict[str, Any]:
    line = {
        "stage": "finetune",
        "epoch": epoch,
        "epochs": 3,
        "lr": 0.002,
        "loss": 1 / epoch,
        "penalty": 0.01,
        "train_r2": 0.5,
        "validation_r2": 0.4,
        "spikes_per_second": 5.0,
        "windows_per_second": 1000.0,
        "seconds": 1.0,
    }
    return line | changes


def _texts(path: Path) -> list[str]:
    elements = ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")  # noqa: S314
    return ["".join(element.itertext()) for element in elements]


@pytest.mark.parametrize("twin", [True, False])
def test_curves_say_what_they_show(tmp_path: Path, twin: bool) -> None:
    path = tmp_path / "curves.svg"
    lines = [_line(1, validation_r2=None), _line(2), _line(3)]
    save_picture(
        path,
        draw_training(lines, loss="rmse", unit="mm per 4 ms", title="tinyRSNN on I1", twin=twin),
    )
    texts = _texts(path)
    assert {"tinyRSNN on I1", "RMSE (mm per 4 ms)", "R²", "epoch", "validation"} <= set(texts)
    assert any(text.startswith("TWIN") for text in texts) is twin


def test_curves_of_pruning_name_the_sparsities(tmp_path: Path) -> None:
    lines = [_line(epoch, sparsity=share) for share in (0.4, 0.5) for epoch in (1, 2)]
    save_picture(
        tmp_path / "curves.svg", draw_training(lines, loss="mae", unit="", title="", twin=False)
    )
    assert "MAE" in _texts(tmp_path / "curves.svg")  # of labels without a unit in common
    label = "epoch, anew with each share of weights removed: 40%, 50%"
    assert label in _texts(tmp_path / "curves.svg")


def test_the_pruning_curve_shows_every_trial(tmp_path: Path) -> None:
    trials = [
        {"sparsity": 0.4, "train_r2": 0.6, "good": True},
        {"sparsity": 0.5, "train_r2": 0.4, "good": False},
    ]
    summary = {"trials": trials, "sparsity": 0.4, "unpruned_train_r2": 0.61}
    save_picture(tmp_path / "pruning.svg", draw_pruning(summary, title="tinyRSNN on I1", twin=True))
    texts = _texts(tmp_path / "pruning.svg")
    assert {"40%", "50%", "within tolerance", "costs too much", "chosen"} <= set(texts)
    assert any(text.startswith("TWIN") for text in texts)
