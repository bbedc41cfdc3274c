"""The picture of what ``scaling.py`` measured."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator
from scaling_points import BASE
from scaling_tables import (
    MEBIBYTE,
    PARTS,
    Figures,
    base_row,
    curve,
    models_of,
    needed,
)

from nbsuite.pictures import BLACK, BLUE, VERMILLION, drawn, save_picture

COLOURS = {"tinyRSNN": BLUE, "bigRSNN": VERMILLION}
PART_COLOURS = ("#0072B2", "#56B4E9", "#009E73", "#E69F00", "#CCCCCC")
"""Okabe and Ito's, and grey for what is over what is needed."""
SIZES = {
    "channels": "input channels",
    "neurons": "hidden neurons",
    "windows": "windows in a batch",
    "steps": "steps of a window",
}


def plot_scaling(path: Path, figures: Figures) -> None:
    """Draw time and memory of a batch over its sizes, and where the time goes."""
    with drawn((13.0, 9.0)) as figure:
        grid = figure.subplots(3, 4)
        for column, axis in enumerate(SIZES):
            _draw_times(grid[0, column], figures, axis)
            _draw_memory(grid[1, column], figures, axis)
        _draw_threads(grid[2, 0], figures)
        _draw_seeds(grid[2, 1], figures)
        _draw_sessions(grid[2, 2], figures)
        _draw_parts(grid[2, 3], figures)
        for model in models_of(figures):
            point = BASE[model]
            label = f"{model}: {point.neurons} neurons, {point.windows} windows"
            grid[0, 0].plot([], [], "o-", color=COLOURS[model], label=label)
        grid[0, 0].plot([], [], "--", color=BLACK, label="least that the equations need")
        handles, labels = grid[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="upper center", ncols=3, frameon=False)
        machine = figures["machine"]
        figure.text(
            0.995,
            0.003,
            f"{machine['processor']}, one thread but where threads or workers are named;"
            f" Python {machine['python']}, torch {machine['torch']}, numba {machine['numba']}",
            ha="right",
            fontsize=7,
        )
        figure.tight_layout(rect=(0, 0.015, 1, 0.965))
    save_picture(path, figure)


def _draw_times(axes: Axes, figures: Figures, axis: str) -> None:
    for model in models_of(figures):
        rows = curve(figures, model, axis)
        sizes = [row[axis] for row in rows]
        axes.plot(sizes, [1e3 * row["seconds"] for row in rows], "o-", color=COLOURS[model])
        least = [1e3 * sum(needed(row, figures["limits"]).values()) for row in rows]
        axes.plot(sizes, least, "--", color=COLOURS[model])
    _scale(axes, SIZES[axis], "time of a batch, ms" if axis == "channels" else "")


def _draw_memory(axes: Axes, figures: Figures, axis: str) -> None:
    for model in models_of(figures):
        rows = curve(figures, model, axis)
        memory = [row["bytes"] / MEBIBYTE for row in rows]
        axes.plot([row[axis] for row in rows], memory, "o-", color=COLOURS[model])
    _scale(axes, SIZES[axis], "memory of a batch, MiB" if axis == "channels" else "")


def _draw_threads(axes: Axes, figures: Figures) -> None:
    for model in models_of(figures):
        rows = curve(figures, model, "threads")
        threads = [row["threads"] for row in rows]
        faster = [rows[0]["seconds"] / row["seconds"] for row in rows]
        axes.plot(threads, faster, "o-", color=COLOURS[model])
        axes.plot(threads, threads, ":", color=BLACK)
    axes.set_xticks(threads)
    axes.set_xlabel("threads of a task (dotted: in proportion)")
    axes.set_ylabel("times as fast")
    axes.set_ylim(bottom=0)


def _draw_seeds(axes: Axes, figures: Figures) -> None:
    for model in models_of(figures):
        rows = [row for row in figures["seeds"] if row["model"] == model]
        alone = next(row["seconds"] for row in rows if row["workers"] == row["seeds"] == 1)
        for workers, style in zip(
            sorted({row["workers"] for row in rows}), ("o-", "s--"), strict=False
        ):
            own = [row for row in rows if row["workers"] == workers]
            label = f"{workers} worker{'s' * (workers > 1)}" if model == "tinyRSNN" else None
            seeds, times = [row["seeds"] for row in own], [row["seconds"] / alone for row in own]
            axes.plot(seeds, times, style, color=COLOURS[model], label=label)
    axes.set_xticks(seeds)
    axes.set_xlabel("seeds")
    axes.set_ylabel("times the time of one seed")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)


def _draw_sessions(axes: Axes, figures: Figures) -> None:
    rows = figures["sessions"]
    minutes = [row["samples"] * 0.004 / 60 for row in rows]
    axes.plot(minutes, [row["seconds"] for row in rows], "o-", color=COLOURS["tinyRSNN"])
    _scale(axes, "minutes of a session to train on", "time of an epoch, s")


def _draw_parts(axes: Axes, figures: Figures) -> None:
    """The share of each part that is needed in the time measured, and of the rest."""
    names = models_of(figures)
    left = [0.0] * len(names)
    rows = [base_row(figures, BASE[model]) for model in names]
    least = [needed(row, figures["limits"]) for row in rows]
    for part, colour in zip((*PARTS, "rest"), PART_COLOURS, strict=True):
        shares = [
            1 - before if part == "rest" else parts[part] / row["seconds"]
            for row, parts, before in zip(rows, least, left, strict=True)
        ]
        axes.barh(names, shares, left=left, color=colour, label=part, height=0.5)
        left = [before + share for before, share in zip(left, shares, strict=True)]
    axes.set_xlabel("share of a batch's time")
    axes.set_ylim(-0.5, len(names) + 0.7)
    axes.legend(frameon=False, ncols=2, loc="upper left", fontsize=8)


def _scale(axes: Axes, across: str, up: str) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    ticks = sorted({round(float(x), 1) for line in axes.lines for x in line.get_xdata()})
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks], fontsize=8, rotation=45)
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.grid(visible=True, color="#DDDDDD", linewidth=0.6)
