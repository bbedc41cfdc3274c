"""What a report shows of decoders at work: what they decode and the spikes of hidden neurons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from nbsuite.data.task import Task
from nbsuite.plots import DEFAULT_SECONDS, draw_decoding
from nbsuite.submissions.report.page import Data, PageFigure, Section
from nbsuite.submissions.report.pictures import draw_picture

if TYPE_CHECKING:
    from nbsuite.shapes import DrawnOutputs, DrawnSpikes


@dataclass(frozen=True, eq=False)
class Decoding:
    """A decoder's run over the test set of a recording.

    Attributes:
        model: the decoder's name.
        seed: its seed, if known.
        session: the session's id.
        twin: whether the recording is a twin.
        trained_on_twin: whether the decoder is known to have been trained on one.
        task: what was decoded.
        true: true outputs, in the task's units.
        decoded: decoded outputs.
        spikes: hidden spikes, 0 or 1; None of a decoder without them.
        r2: coefficient of determination over the whole test set.
        checkpoint: the checkpoint's file.
    """

    model: str
    seed: int | None
    session: str
    twin: bool
    trained_on_twin: bool
    task: Task
    true: DrawnOutputs
    decoded: DrawnOutputs
    spikes: DrawnSpikes | None
    r2: float
    checkpoint: str


def decoding_section(decodings: Sequence[Decoding]) -> Section:
    """A figure for each run, of its busiest seconds."""
    figures = [_figure(number, each) for number, each in enumerate(decodings, start=1)]
    return Section("decoding", "Decoded movement", figures)


def _figure(number: int, decoding: Decoding) -> PageFigure:
    seed = "" if decoding.seed is None else f", seed {decoding.seed},"
    who = f"{decoding.model}{seed} on {decoding.session}"
    names = [output.name for output in decoding.task.outputs]
    shown = f"{' and '.join(names)}, decoded (coloured) and true"
    if decoding.spikes is not None:
        shown += f", and the spikes of its {decoding.spikes.shape[1]} hidden neurons"
    draw = partial(
        draw_decoding,
        task=decoding.task,
        true=decoding.true,
        decoded=decoding.decoded,
        spikes=decoding.spikes,
        r2=decoding.r2,
        model=decoding.model,
        session=decoding.session,
        twin=decoding.twin,
        trained_on_twin=decoding.trained_on_twin,
    )
    return PageFigure(
        draw_picture(f"decoding-{number}", draw),
        f"{who}: {shown}, over the {DEFAULT_SECONDS:g} s of the test set's first minutes in which"
        f" most happens. R2 over the whole test set: {decoding.r2:.3f}. Checkpoint:"
        f" {decoding.checkpoint}{', trained on a TWIN' if decoding.trained_on_twin else ''}.",
        f"{who}: {shown}, against time. R2 over the whole test set is {decoding.r2:.3f}.",
        Data.of(twin=decoding.twin),
    )
