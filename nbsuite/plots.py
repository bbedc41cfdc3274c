"""Pictures of what a decoder does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nbsuite.data.mat_format import CM_PER_SECOND, SAMPLE_SECONDS
from nbsuite.errors import UsageError
from nbsuite.pictures import BLACK, TWIN_COLOUR, VERMILLION, check_format, drawn, picture_text

DEFAULT_SECONDS = 10.0
SEARCHED_SECONDS = 180.0

TRUE_COLOUR = BLACK
DECODED_COLOUR = VERMILLION

FloatArray = NDArray[np.floating[Any]]
SpikeArray = NDArray[np.integer[Any]]


def plot_decoding(
    path: Path,
    *,
    velocity_true: FloatArray,
    velocity_decoded: FloatArray,
    spikes: SpikeArray | None,
    r2: float | None,
    model: str,
    session: str,
    twin: bool,
    trained_on_twin: bool,
    start_seconds: float | None = None,
    seconds: float = DEFAULT_SECONDS,
) -> None:
    """Draw decoded against true velocity, and the hidden spikes under it.

    Args:
        path: the picture; its suffix, .png or .svg, is its format.
        velocity_true: (T, 2) velocity in x and y, mm per step.
        velocity_decoded: (T, 2) decoded velocity, mm per step.
        spikes: (T, neurons) hidden spikes, 0 or 1; None of a decoder without them, which gets
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
        UsageError: another suffix, or a window outside the T steps.
        OSError: the folder cannot be written, or the disk is full.
    """
    check_format(path)
    window = _window(velocity_true, start_seconds, seconds)
    with drawn(path, (8.0, 6.2)) as figure:
        axes = _arrange(figure, raster=spikes is not None)
        time = SAMPLE_SECONDS * np.arange(window.start, window.stop)
        for panel, axis in enumerate("xy"):
            true, decoded = velocity_true[window, panel], velocity_decoded[window, panel]
            _draw_velocity(axes[panel], time, true, decoded, axis)
        _share_scale(axes[0], axes[1])
        figure.align_ylabels(axes)
        _draw_legend(axes[0])
        _label_time(axes[-1], time)
        if spikes is not None:
            _draw_raster(axes[-1], time, spikes[window])
        measured = "" if r2 is None else f": R² = {r2:.3f}"
        warning = _warning(twin=twin, trained_on_twin=trained_on_twin)
        _write_title(figure, f"{model} on {session}{measured}", warning)


def _window(velocity: FloatArray, start_seconds: float | None, seconds: float) -> slice:
    """The steps to draw.

    Raises:
        UsageError: the window is empty or not within the recording.
    """
    available = SAMPLE_SECONDS * len(velocity)
    steps = min(round(seconds / SAMPLE_SECONDS), len(velocity))
    if start_seconds is None:
        start = _busiest_start(velocity, steps) if steps > 0 else 0
    else:
        start = round(start_seconds / SAMPLE_SECONDS)
    if steps < 2 or not 0 <= start < len(velocity) - 1:
        raise UsageError(
            f"Cannot draw {seconds:g} s from second {start_seconds or 0:g} on of a test set of"
            f" {available:g} s: choose a window within it."
        )
    return slice(start, min(start + steps, len(velocity)))


def _busiest_start(velocity: FloatArray, steps: int) -> int:
    """First step of the window in which the hand moves most, among those of the first minutes."""
    searched = velocity[: max(steps, round(SEARCHED_SECONDS / SAMPLE_SECONDS))]
    # Mean speed rather than its square, so that one fast reach does not outweigh steady movement.
    travelled = np.concatenate([[0.0], np.cumsum(np.linalg.norm(searched, axis=1))])
    second = round(1 / SAMPLE_SECONDS)
    distance = (travelled[steps:] - travelled[:-steps])[::second]
    return int(np.argmax(distance)) * second


def _arrange(figure: Figure, *, raster: bool) -> list[Axes]:
    """Velocity in x, velocity in y and spikes, one under the other over the same time."""
    ratios = (1, 1, 1.5) if raster else (1, 1)
    grid = figure.add_gridspec(
        len(ratios),
        1,
        height_ratios=ratios,
        hspace=0.12,
        left=0.09,
        right=0.98,
        top=0.86,
        bottom=0.08,
    )
    upper = figure.add_subplot(grid[0])
    lower = [figure.add_subplot(grid[1], sharex=upper, sharey=upper)]
    if raster:
        lower.append(figure.add_subplot(grid[2], sharex=upper))
    axes = [upper, *lower]
    for each in axes[:-1]:
        each.tick_params(labelbottom=False)
    return axes


def _label_time(axes: Axes, time: FloatArray) -> None:
    axes.set_xlim(time[0], time[-1] + SAMPLE_SECONDS)
    axes.set_xlabel("time in the test set (s)")


def _draw_velocity(
    axes: Axes, time: FloatArray, true: FloatArray, decoded: FloatArray, axis: str
) -> None:
    axes.axhline(0.0, color="0.8", linewidth=0.6, zorder=0)
    axes.plot(time, CM_PER_SECOND * true, color=TRUE_COLOUR, linewidth=1.0, label="true")
    axes.plot(time, CM_PER_SECOND * decoded, color=DECODED_COLOUR, linewidth=1.3, label="decoded")
    axes.set_ylabel(f"{axis} velocity (cm/s)")


def _share_scale(upper: Axes, lower: Axes) -> None:
    """The same scale in x and y, symmetric about zero, so that the panels compare."""
    reach = max(abs(limit) for axes in (upper, lower) for limit in axes.dataLim.intervaly)
    upper.set_ylim(-1.08 * reach or -1.0, 1.08 * reach or 1.0)


def _draw_legend(axes: Axes) -> None:
    axes.legend(
        loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False, borderaxespad=0.2
    )


def _draw_raster(axes: Axes, time: FloatArray, spikes: SpikeArray) -> None:
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
    hertz = spikes.mean() / SAMPLE_SECONDS
    axes.set_ylabel("hidden neuron")
    axes.set_ylim(0, count + 1)
    axes.set_xlabel(f"time in the test set (s); mean rate of hidden neurons here: {hertz:.1f} Hz")


def _warning(*, twin: bool, trained_on_twin: bool) -> str:
    if twin:
        return "TWIN: a synthetic recording, not a real one"
    return "Trained on a TWIN: a synthetic recording, not a real one" if trained_on_twin else ""


def _write_title(figure: Figure, title: str, warning: str) -> None:
    figure.text(0.09, 0.955, picture_text(title), fontsize=12, fontweight="bold", va="center")
    figure.text(0.09, 0.91, warning, color=TWIN_COLOUR, fontweight="bold", va="center")
