"""What ``nbsuite energy`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nbsuite.cli.frame.output import note, print_json, print_table
from nbsuite.energy.estimate import nanojoules, three_digits
from nbsuite.energy.results import DecoderEstimate
from nbsuite.energy.targets import ALWAYS_LEFT_OUT
from nbsuite.submissions.results.protocols import recording_label

PARTS = {
    "Synapses": "synapses",
    "Weights": "weights",
    "Neurons": "neurons",
    "Spikes": "spikes",
    "Static": "static",
}
"""What the energy goes into, by the headings of the table."""


def print_estimates(
    estimates: Sequence[DecoderEstimate], refused: Sequence[str], *, as_json: bool
) -> None:
    """Print estimates, a table a target, and why others are not given."""
    if as_json:
        print_json({"estimates": [_as_json(each) for each in estimates], "refused": list(refused)})
    else:
        for target in dict.fromkeys(each.target.NAME for each in estimates):
            _print_target([each for each in estimates if target == each.target.NAME])
    for sentence in refused:
        note(f"Note: {sentence}")


def _print_target(estimates: Sequence[DecoderEstimate]) -> None:
    target = estimates[0].target
    told = {
        heading: part
        for heading, part in PARTS.items()
        if any(getattr(each.estimate, part) is not None for each in estimates)
    }
    rows = [
        [
            each.model,
            recording_label(each.recording, twin=each.twin),
            *(nanojoules(getattr(each.estimate, part)) for part in told.values()),
            nanojoules(each.estimate.total),
            three_digits(1e6 * each.estimate.power),
        ]
        for each in estimates
    ]
    held = dict.fromkeys(f"{each.model}: {each.estimate.memory}." for each in estimates)
    left_out = [*target.LEFT_OUT, *ALWAYS_LEFT_OUT]
    figures = (*told, "Sum", "µW")
    print_table(
        ["Decoder", "Recording", *figures],
        rows,
        title=f"ESTIMATE for {target.TITLE}: nJ a decoded sample",
        caption="\n".join([*held, "Left out:", *(f"- {each}" for each in left_out)]),
        right=figures,
        naming=2,
    )


def _as_json(each: DecoderEstimate) -> dict[str, Any]:
    estimate, target = each.estimate, each.target
    return {
        "estimate": True,
        "target": target.NAME,
        "model": each.model,
        "recording": each.recording,
        "twin": each.twin,
        "runs": each.runs,
        "nanojoules": {
            part: None if (joules := getattr(estimate, part)) is None else 1e9 * joules
            for part in PARTS.values()
        },
        "nanojoules_per_sample": 1e9 * estimate.total,
        "microwatts": 1e6 * estimate.power,
        "samples_per_second": 1 / estimate.step,
        "memory": estimate.memory,
        "left_out": [*target.LEFT_OUT, *ALWAYS_LEFT_OUT],
        "constants": [vars(constant) for constant in target.CONSTANTS],
    }
