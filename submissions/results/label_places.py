"""Where the names of points go in a picture: beside them, and not on each other."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox

# Places about a point: offset in points of type, and how the name is aligned to it.
_PLACES: tuple[tuple[tuple[int, int], str, str], ...] = (
    ((7, 0), "left", "center_baseline"),
    ((-7, 0), "right", "center_baseline"),
    ((0, 7), "center", "bottom"),
    ((0, -7), "center", "top"),
    ((4, 5), "left", "bottom"),
    ((4, -5), "left", "top"),
    ((-4, 5), "right", "bottom"),
    ((-4, -5), "right", "top"),
)
_MARKER_PIXELS = 6.0
_OUTSIDE = 10.0
"""How much worse a pixel outside the frame is than one on another name."""


def label_points(axes: Axes, points: Sequence[tuple[float, float, str, str]]) -> None:
    """Write a name beside each point, where it covers least of other points and names.

    Args:
        axes: the axes, with their limits set.
        points: x, y, name and colour of each.
    """
    taken = [_marker(axes, x, y) for x, y, _, _ in points]
    for x, y, name, colour in points:
        tried = [_annotate(axes, (x, y), name, colour, place) for place in _PLACES]
        boxes = [annotation.get_window_extent() for annotation in tried]
        costs = [_cost(box, taken, axes.get_window_extent()) for box in boxes]
        best = costs.index(min(costs))
        taken.append(boxes[best])
        for annotation in tried[:best] + tried[best + 1 :]:
            annotation.remove()


def _marker(axes: Axes, x: float, y: float) -> Bbox:
    across, up = axes.transData.transform((x, y))
    reach = _MARKER_PIXELS
    return Bbox.from_extents(across - reach, up - reach, across + reach, up + reach)


def _annotate(
    axes: Axes,
    point: tuple[float, float],
    name: str,
    colour: str,
    place: tuple[tuple[int, int], str, str],
) -> Annotation:
    offset, horizontal, vertical = place
    return axes.annotate(
        name,
        point,
        offset,
        textcoords="offset points",
        ha=horizontal,
        va=vertical,
        fontsize=8.5,
        color=colour,
        zorder=1.5,  # above lines, which its background keeps from striking it out; below markers
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
    )


def _cost(box: Bbox, taken: Sequence[Bbox], frame: Bbox) -> float:
    """Pixels of the name that lie on something else, or outside."""
    covered = sum(_shared_area(box, other) for other in taken)
    outside = box.width * box.height - _shared_area(box, frame)
    return covered + _OUTSIDE * outside


def _shared_area(one: Bbox, other: Bbox) -> float:
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return float(max(width, 0.0) * max(height, 0.0))
