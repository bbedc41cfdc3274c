"""What the energy of a decoded sample goes into, as stacked bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nbsuite.energy.estimate import nanojoules
from nbsuite.energy.results import DecoderEstimate
from nbsuite.submissions.results.protocols import recording_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PARTS = {
    "synapses": "synaptic operations",
    "weights": "fetching weights",
    "neurons": "neuron updates",
    "spikes": "carrying spikes",
    "static": "static",
}


def draw_estimates(estimates: Sequence[DecoderEstimate]) -> Figure:
    """A panel a target, a bar a decoder and recording: shares of the estimate, and its sum."""
    from matplotlib.figure import Figure

    targets = {each.target.NAME: each.target for each in estimates}
    figure = Figure(figsize=(8, 0.35 * len(estimates) + 0.8 * len(targets) + 0.9))
    figure.set_layout_engine("constrained")
    counts = [sum(name == each.target.NAME for each in estimates) for name in targets]
    axes = figure.subplots(len(targets), 1, squeeze=False, height_ratios=counts)[:, 0]
    for axis, (name, target) in zip(axes, targets.items(), strict=True):
        _draw_target(axis, [each for each in estimates if name == each.target.NAME])
        axis.set_title(f"{target.TITLE}: estimate", loc="left")
    axes[-1].set_xlabel("share of the energy of a decoded sample (%)")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    return figure


def _draw_target(axis: Axes, estimates: Sequence[DecoderEstimate]) -> None:
    places = range(len(estimates))
    left = [0.0] * len(estimates)
    for number, (part, label) in enumerate(PARTS.items()):
        shares = [
            100 * (getattr(each.estimate, part) or 0.0) / (each.estimate.total or 1.0)
            for each in estimates
        ]
        axis.barh(places, shares, left=left, color=f"C{number}", label=label)
        left = [before + share for before, share in zip(left, shares, strict=True)]
    for place, each in zip(places, estimates, strict=True):
        axis.text(101, place, nanojoules(each.estimate.total) + " nJ", va="center")
    names = [
        f"{each.model}, {recording_label(each.recording, twin=each.twin)}" for each in estimates
    ]
    axis.set_yticks(places, names)
    axis.invert_yaxis()
    axis.set_xlim(0, 125)
    axis.set_xticks(range(0, 101, 20))
