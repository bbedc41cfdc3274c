"""A picture of the leaderboard: R2 against effective operations and against footprint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from nbsuite.benchmarking.quantities import FOOTPRINT, OPERATIONS, R2, Quantity
from nbsuite.errors import ResultsError
from nbsuite.pictures import BLACK, TWIN_COLOUR, VERMILLION, drawn, picture_text
from nbsuite.statistics.uncertain import Interval
from nbsuite.submissions.results.label_places import label_points
from nbsuite.submissions.results.protocols import task_heading
from nbsuite.submissions.tables.against import decoder_interval
from nbsuite.submissions.tables.leaderboard import Ranking, Row
from nbsuite.submissions.tables.pareto import pareto_front
from nbsuite.twin_labels import ALL_SYNTHETIC
from nbsuite.untrusted.text import one_line

Point = tuple[float, float, Row]

_PANELS = (OPERATIONS, FOOTPRINT)
_MOST_NAMED = 60
"""Points of a panel that all have room for their names."""

_LEFT = 0.085
"""Where the panels begin, with room for numbers below 0."""

_LONGEST_TITLE = 90
_FRONT_COLOUR = "0.72"
# Yours are hollow and larger, so that both are seen where they coincide.
_KINDS = (
    (True, BLACK, "o", 5.0, "full", "published"),
    (False, VERMILLION, "D", 9.0, "none", "yours"),
)


def draw_leaderboard(ranking: Ranking, *, intervals: bool = False) -> Figure:
    """Draw R2 against cost, a panel a cost, with the methods that no other beats in both.

    Args:
        ranking: the methods; those without R2, or without the cost, are left out of the panel.
        intervals: draw the 95 % interval of R2 as a bar, where it can be told.

    Raises:
        ResultsError: no method can be drawn.
    """
    if not is_drawable(ranking):
        raise ResultsError(
            f"The picture would be empty: no method has R2 and costs on {ranking.place}; "
            "name another session with --session."
        )
    panels = {cost: _points(ranking, cost) for cost in _PANELS}
    accuracies = [r2 for points in panels.values() for _, r2, _ in points]
    bars = _intervals(ranking) if intervals else {}
    accuracies += [end for each in bars.values() for end in (each.low, each.high)]
    with drawn((9.6, 4.9)) as figure:
        axes = figure.subplots(1, 2, sharey=True)
        figure.subplots_adjust(left=_LEFT, right=0.97, top=0.80, bottom=0.115, wspace=0.11)
        _set_accuracy_scale(axes[0], accuracies)
        for each, (cost, points) in zip(axes, panels.items(), strict=True):
            _draw_panel(each, points)
            _draw_bars(each, points, bars)
            each.set_xlabel(cost.axis)
        _write_legend(figure, axes)
        _write_title(figure, ranking)
    return figure


def _intervals(ranking: Ranking) -> dict[str, Interval]:
    """Intervals of R2 by the methods' names in tables, where they can be told."""
    found = {row.entry.shown: decoder_interval(ranking, row) for row in ranking.rows}
    return {name: interval for name, interval in found.items() if interval is not None}


def _draw_bars(axes: Axes, points: Sequence[Point], bars: Mapping[str, Interval]) -> None:
    """The intervals of R2 behind the methods."""
    for published, colour, *_ in _KINDS:
        chosen = [
            (cost, bars[row.entry.shown])
            for cost, _, row in points
            if row.entry.published is published and row.entry.shown in bars
        ]
        axes.vlines(
            [cost for cost, _ in chosen],
            [interval.low for _, interval in chosen],
            [interval.high for _, interval in chosen],
            color=colour,
            linewidth=0.8,
            alpha=0.45,
            zorder=1,
            label="95 % interval" if chosen else "_none",
        )


def is_drawable(ranking: Ranking) -> bool:
    """Whether any method can be drawn."""
    return any(_points(ranking, cost) for cost in _PANELS)


def _points(ranking: Ranking, cost: Quantity) -> list[Point]:
    return [
        (row.values[cost.key], row.values[R2.key], row)
        for row in ranking.rows
        if R2.key in row.values and cost.key in row.values
    ]


def _set_accuracy_scale(axes: Axes, accuracies: Sequence[float]) -> None:
    margin = max(0.1 * (max(accuracies) - min(accuracies)), 0.02)  # a single method has no span
    axes.set_ylim(min(accuracies) - margin, max(accuracies) + margin)
    axes.set_ylabel("test R²")


def _draw_panel(axes: Axes, points: Sequence[Point]) -> None:
    axes.grid(color="0.93", linewidth=0.6)
    axes.set_axisbelow(True)
    _set_cost_scale(axes, [cost for cost, _, _ in points])
    front = pareto_front(points)
    axes.plot(
        [cost for cost, _, _ in front],
        [r2 for _, r2, _ in front],
        color=_FRONT_COLOUR,
        linewidth=1.6,
        zorder=1,
        drawstyle="steps-post",  # for more cost, nothing better is known until the next point
        label="Pareto front: no other is better in both",
    )
    for published, colour, marker, size, fill, label in _KINDS:
        chosen = [point for point in points if point[2].entry.published is published]
        axes.plot(
            [cost for cost, _, _ in chosen],
            [r2 for _, r2, _ in chosen],
            linestyle="none",
            marker=marker,
            markersize=size,
            fillstyle=fill,
            color=colour,
            label=label if chosen else None,
        )
    label_points(
        axes,
        [
            (cost, r2, picture_text(row.entry.method), BLACK if row.entry.published else VERMILLION)
            for cost, r2, row in _named(points, front)
        ],
    )


def _named(points: Sequence[Point], front: Sequence[Point]) -> list[Point]:
    """The points that have room for their names: all, or those of the front and the published."""
    if len(points) <= _MOST_NAMED:
        return list(points)
    on_front = {id(row) for _, _, row in front}
    marked = [point for point in points if point[2].entry.published or id(point[2]) in on_front]
    return marked[:_MOST_NAMED]


def _set_cost_scale(axes: Axes, costs: Sequence[float]) -> None:
    """Logarithmic, two powers of ten at least, with room for names at both sides.

    A cost of 0, that of a network which never spikes, has its place on a scale that is linear up
    to 1.
    """
    axes.set_xscale("symlog", linthresh=1.0)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    if costs:
        lowest = min(costs) / 4 if min(costs) > 1 else -0.5
        axes.set_xlim(lowest, max(4 * max(costs), 120 * lowest, 10))


def _write_legend(figure: Figure, axes: Sequence[Axes]) -> None:
    """One legend for both panels, each entry once."""
    found = {
        label: handle
        for each in axes
        for handle, label in zip(*each.get_legend_handles_labels(), strict=True)
    }
    figure.legend(
        found.values(),
        found.keys(),
        loc="upper left",
        bbox_to_anchor=(_LEFT - 0.01, 0.9),
        ncols=4,
        frameon=False,
    )


def _write_title(figure: Figure, ranking: Ranking) -> None:
    title = f"{task_heading(ranking.task)}: accuracy and cost, {ranking.place}"
    figure.text(
        _LEFT,
        0.945,
        picture_text(one_line(title, _LONGEST_TITLE)),
        fontsize=12,
        fontweight="bold",
        va="center",
    )
    if ranking.twin:
        figure.text(
            0.97,
            0.945,
            ALL_SYNTHETIC,
            color=TWIN_COLOUR,
            fontweight="bold",
            va="center",
            ha="right",
        )
