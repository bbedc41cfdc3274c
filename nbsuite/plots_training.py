"""Pictures of training: what became better epoch by epoch, and what pruning cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from nbsuite.pictures import BLACK, BLUE, TWIN_COLOUR, VERMILLION, drawn, picture_text
from nbsuite.twin_labels import SYNTHETIC

Lines = Sequence[Mapping[str, Any]]

_LOSS_LABELS = {
    "rmse": ("RMSE", "({})"),
    "mse": ("MSE", "(({})²)"),
    "mae": ("MAE", "({})"),
    "huber": ("Huber's loss", ""),
}


def draw_training(lines: Lines, *, loss: str, unit: str, title: str, twin: bool) -> Figure:
    """Draw loss, R2 and firing rate over the epochs of a stage.

    Args:
        lines: the stage's log, see ``nbsuite.training.log``; at least one line.
        loss: name of the loss.
        unit: unit of the labels, as ``mm per 4 ms``; empty where they have none in common.
        title: what was trained on what.
        twin: whether any of it was trained on a twin; the picture then says so.

    """
    epochs = np.arange(1, len(lines) + 1)
    with drawn((8.0, 7.0)) as figure:
        upper, r2, rate = _arrange(figure)
        penalised = _column(lines, "loss") + _column(lines, "penalty")
        upper.plot(epochs, penalised, color=VERMILLION, linestyle="--", label="with penalties")
        upper.plot(epochs, _column(lines, "loss"), color=BLACK, label="alone")
        upper.set_ylabel(picture_text(_loss_label(loss, unit)))
        r2.plot(
            epochs, _column(lines, "train_r2"), color=BLACK, label="while training, with dropout"
        )
        r2.plot(epochs, _column(lines, "validation_r2"), color=VERMILLION, label="validation")
        r2.set_ylabel("R²")
        r2.set_ylim(bottom=max(r2.get_ylim()[0], -0.25))  # the first epochs' may be far below
        rate.plot(epochs, _column(lines, "spikes_per_second"), color=BLACK)
        rate.set_ylabel("spikes per second\nof a hidden neuron")
        rate.set_ylim(0, rate.get_ylim()[1])
        rate.set_xlabel(_epoch_label(lines))
        rate.xaxis.set_major_locator(MaxNLocator(integer=True))
        for axes in (upper, r2, rate):
            _mark_lessons(axes, lines)
        for axes in (upper, r2):
            _legend(axes)
        figure.align_ylabels()
        _write_title(figure, title, twin=twin)
    return figure


def draw_pruning(summary: Mapping[str, Any], *, title: str, twin: bool) -> Figure:
    """Draw what pruning cost: training R2 over the share of weights removed.

    Args:
        summary: the pruning stage's summary, see ``nbsuite.training.stage_run``.
        title: what was pruned on what.
        twin: whether it was trained on a twin; the picture then says so.

    """
    trials = sorted(summary["trials"], key=lambda trial: float(trial["sparsity"]))
    with drawn((8.0, 4.6)) as figure:
        axes = figure.add_axes((0.1, 0.12, 0.87, 0.7))
        unpruned = summary["unpruned_train_r2"]
        axes.axhline(unpruned, color="0.5", linewidth=0.8, linestyle=":", label="not pruned")
        axes.plot(
            [trial["sparsity"] for trial in trials],
            [trial["train_r2"] for trial in trials],
            color="0.7",
            linewidth=0.8,
            zorder=1,
        )
        for good, colour, marker, label in (
            (True, BLUE, "o", "within tolerance"),
            (False, VERMILLION, "X", "costs too much"),
        ):
            chosen = [trial for trial in trials if trial["good"] is good]
            if chosen:
                axes.scatter(
                    [trial["sparsity"] for trial in chosen],
                    [trial["train_r2"] for trial in chosen],
                    color=colour,
                    marker=marker,
                    label=label,
                )
        if summary["sparsity"]:
            axes.axvline(summary["sparsity"], color=BLACK, linewidth=0.8, label="chosen")
        axes.set_xlabel("weights removed from each matrix")
        axes.set_xticks([trial["sparsity"] for trial in trials])
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.set_ylabel("training R² after retraining")
        _legend(axes)
        _write_title(figure, title, twin=twin)
    return figure


def _loss_label(loss: str, unit: str) -> str:
    """The loss with its unit, as far as it has one."""
    name, brackets = _LOSS_LABELS[loss]
    return f"{name} {brackets.format(unit)}" if unit and brackets else name


def _arrange(figure: Figure) -> tuple[Axes, Axes, Axes]:
    """Three panels one under the other over the same epochs."""
    grid = figure.add_gridspec(3, 1, hspace=0.22, left=0.13, right=0.98, top=0.86, bottom=0.08)
    upper = figure.add_subplot(grid[0])
    middle = figure.add_subplot(grid[1], sharex=upper)
    lower = figure.add_subplot(grid[2], sharex=upper)
    for axes in (upper, middle):
        axes.tick_params(labelbottom=False)
    return upper, middle, lower


def _column(lines: Lines, key: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """One figure of all epochs; a gap where it is undefined."""
    return np.array([line[key] for line in lines], dtype=np.float64)


def _mark_lessons(axes: Axes, lines: Lines) -> None:
    """A line where pruning begins anew with another sparsity."""
    for index in range(1, len(lines)):
        if lines[index]["epoch"] == 1:
            axes.axvline(index + 0.5, color="0.8", linewidth=0.8, zorder=0)


def _epoch_label(lines: Lines) -> str:
    if "sparsity" not in lines[0]:
        return "epoch"
    levels = dict.fromkeys(f"{line['sparsity']:.0%}" for line in lines)
    return f"epoch, anew with each share of weights removed: {', '.join(levels)}"


def _legend(axes: Axes) -> None:
    axes.legend(
        loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=4, frameon=False, borderaxespad=0.2
    )


def _write_title(figure: Figure, title: str, *, twin: bool) -> None:
    figure.text(0.02, 0.955, picture_text(title), fontsize=12, fontweight="bold", va="center")
    if twin:
        statement = SYNTHETIC
        figure.text(0.02, 0.91, statement, color=TWIN_COLOUR, fontweight="bold", va="center")
