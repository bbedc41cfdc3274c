"""Pictures of what a decoder does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nbsuite.data.task import Task
from nbsuite.errors import UsageError
from nbsuite.pictures import BLACK, TWIN_COLOUR, VERMILLION, drawn, picture_text
from nbsuite.twin_labels import SYNTHETIC

if TYPE_CHECKING:
    from nbsuite.shapes import DrawnOutputs, DrawnSamples, DrawnSpikes


DEFAULT_SECONDS = 10.0
SEARCHED_SECONDS = 180.0
MOST_PANELS = 8
"""Of a task with more outputs the first are drawn."""
HEIGHT, PANEL_HEIGHT = 6.2, 1.5
"""Inches of a picture of two outputs, and of every further one."""

TRUE_COLOUR = BLACK
DECODED_COLOUR = VERMILLION


def draw_decoding(
    *,
    task: Task,
    true: DrawnOutputs,
    decoded: DrawnOutputs,
    spikes: DrawnSpikes | None,
    r2: float | None,
    model: str,
    session: str,
    twin: bool,
    trained_on_twin: bool,
    start_seconds: float | None = None,
    seconds: float = DEFAULT_SECONDS,
) -> Figure:
    """Draw what was decoded against what is true, and the hidden spikes under it.

    Args:
        task: what was decoded: the step, and the outputs with their names and units.
        true: true outputs, in their units.
        decoded: decoded outputs.
        spikes: hidden spikes, 0 or 1; None of a decoder without them, which gets
            no such panel.
        r2: coefficient of determination over the whole test set; None where it was not measured.
        model: the decoder's name.
        session: the session's name.
        twin: whether the recording is a synthetic twin; the picture then says so.
        trained_on_twin: whether the decoder was trained on one; so does a picture of a real one.
        start_seconds: start of the window drawn, counted from the first of the T steps; by
            default the busiest window of the first minutes.
        seconds: length of the window.

    Raises:
        UsageError: a window outside the T steps.
    """
    window = _window(true, task.step, start_seconds, seconds)
    outputs = task.outputs[:MOST_PANELS]
    with drawn((8.0, HEIGHT + PANEL_HEIGHT * (len(outputs) - 2))) as figure:
        axes = _arrange(figure, len(outputs), raster=spikes is not None)
        time = task.step * np.arange(window.start, window.stop)
        for panel, output in enumerate(outputs):
            factor = output.scale(task.step).factor
            _draw_output(
                axes[panel], time, factor * true[window, panel], factor * decoded[window, panel]
            )
            axes[panel].set_ylabel(picture_text(output.heading(task.step)))
        for unit in {output.unit for output in outputs}:
            _share_scale([axes[panel] for panel, each in enumerate(outputs) if each.unit == unit])
        figure.align_ylabels(axes)
        _draw_legend(axes[0])
        axes[-1].set_xlim(time[0], time[-1] + task.step)
        axes[-1].set_xlabel("time in the test set (s)")
        if spikes is not None:
            _draw_raster(axes[-1], time, spikes[window], task.step)
        measured = "" if r2 is None else f": R² = {r2:.3f}"
        warning = _warning(twin=twin, trained_on_twin=trained_on_twin)
        _write_title(figure, f"{model} on {session}{measured}", warning)
    return figure


def _window(true: DrawnOutputs, step: float, start_seconds: float | None, seconds: float) -> slice:
    """The steps to draw.

    Raises:
        UsageError: the window is empty or not within the recording.
    """
    available = step * len(true)
    steps = min(round(seconds / step), len(true))
    if start_seconds is None:
        start = _busiest_start(true, steps, step) if steps > 0 else 0
    else:
        start = round(start_seconds / step)
    if steps < 2 or not 0 <= start < len(true) - 1:
        raise UsageError(
            f"Cannot draw {seconds:g} s from second {start_seconds or 0:g} on of a test set of"
            f" {available:g} s: choose a window within it."
        )
    return slice(start, min(start + steps, len(true)))


def _busiest_start(true: DrawnOutputs, steps: int, step: float) -> int:
    """First step of the window in which most happens, among those of the first minutes."""
    searched = true[: max(steps, round(SEARCHED_SECONDS / step))]
    # Mean speed rather than its square, so that one fast reach does not outweigh steady movement.
    travelled = np.concatenate([[0.0], np.cumsum(np.linalg.norm(searched, axis=1))])
    second = max(1, round(1 / step))
    distance = (travelled[steps:] - travelled[:-steps])[::second]
    return int(np.argmax(distance)) * second


def _arrange(figure: Figure, outputs: int, *, raster: bool) -> list[Axes]:
    """The outputs and the spikes, one under the other over the same time."""
    ratios = [1.0] * outputs + [1.5] * raster
    height = figure.get_figheight()
    grid = figure.add_gridspec(
        len(ratios),
        1,
        height_ratios=ratios,
        hspace=0.12,
        left=0.09,
        right=0.98,
        top=1 - 0.14 * HEIGHT / height,
        bottom=0.08 * HEIGHT / height,
    )
    upper = figure.add_subplot(grid[0])
    lower = [figure.add_subplot(grid[row], sharex=upper) for row in range(1, len(ratios))]
    axes = [upper, *lower]
    for each in axes[:-1]:
        each.tick_params(labelbottom=False)
    return axes


def _draw_output(axes: Axes, time: DrawnSamples, true: DrawnSamples, decoded: DrawnSamples) -> None:
    axes.axhline(0.0, color="0.8", linewidth=0.6, zorder=0)
    axes.plot(time, true, color=TRUE_COLOUR, linewidth=1.0, label="true")
    axes.plot(time, decoded, color=DECODED_COLOUR, linewidth=1.3, label="decoded")


def _share_scale(panels: Sequence[Axes]) -> None:
    """The same scale, symmetric about zero, so that panels of one unit compare."""
    reach = max(abs(limit) for axes in panels for limit in axes.dataLim.intervaly)
    for axes in panels:
        axes.set_ylim(-1.08 * reach or -1.0, 1.08 * reach or 1.0)


def _draw_legend(axes: Axes) -> None:
    axes.legend(
        loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False, borderaxespad=0.2
    )


def _draw_raster(axes: Axes, time: DrawnSamples, spikes: DrawnSpikes, step: float) -> None:
    steps, neurons = np.nonzero(spikes)
    count = spikes.shape[1]
    crowded = count > 200
    axes.plot(
        time[steps],
        neurons + 1,
        linestyle="none",
        marker="|",
        markersize=1.6 if crowded else 2.4,
        markeredgewidth=0.5 if crowded else 0.8,
        color="black",
        alpha=0.6 if crowded else 1.0,
        rasterized=True,  # thousands of marks would make an SVG slow to open
    )
    hertz = spikes.mean() / step
    axes.set_ylabel("hidden neuron")
    axes.set_ylim(0, count + 1)
    axes.set_xlabel(f"time in the test set (s); mean rate of hidden neurons here: {hertz:.1f} Hz")


def _warning(*, twin: bool, trained_on_twin: bool) -> str:
    if twin:
        return SYNTHETIC
    return f"Trained on a {SYNTHETIC}" if trained_on_twin else ""


def _write_title(figure: Figure, title: str, warning: str) -> None:
    figure.text(0.09, 0.955, picture_text(title), fontsize=12, fontweight="bold", va="center")
    figure.text(0.09, 0.91, warning, color=TWIN_COLOUR, fontweight="bold", va="center")
