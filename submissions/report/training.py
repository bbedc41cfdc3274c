"""What a report shows of training: the stages of run folders, their curves and their pruning."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from nbsuite.data.sessions import PUBLIC_SESSIONS
from nbsuite.errors import TrainingError
from nbsuite.plots_training import draw_pruning, draw_training
from nbsuite.submissions.report.page import (
    Block,
    Data,
    Heading,
    PageFigure,
    PageTable,
    Paragraph,
    Section,
)
from nbsuite.submissions.report.pictures import draw_picture
from nbsuite.submissions.results.formats import EMPTY, Cell, Column, Table, text_cell
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING
from nbsuite.training.log import LOG_NAME, read_log
from nbsuite.training.recipe import LOSS_NAMES
from nbsuite.training.run_folder import RECORD_NAME, read_record
from nbsuite.training.stage_task import STAGES
from nbsuite.twin_info import TWIN_MARK
from nbsuite.twin_labels import kind_of

_CURVES = ("epoch", "loss", "penalty", "train_r2", "validation_r2", "spikes_per_second")
_LABELS = {each.name: each.label for each in PUBLIC_SESSIONS}
_MOST_NAMED = 6
"""Recordings that a picture's title has room for."""

_MOST_DRAWN = 200
"""Stages whose curves a page has room for."""


@dataclass(frozen=True)
class FinishedStage:
    """A finished stage of training.

    Attributes:
        folder: its folder.
        stage: pretrain, finetune, prune or half.
        model: the decoder's name.
        seed: the random seed.
        recordings: names and digests of the recordings trained on.
        loss: name of the loss; None of a stage that does not train.
        summary: the figures it ended with.
        lines: its log, a line an epoch; empty of a stage that does not train.
    """

    folder: Path
    stage: str
    model: str
    seed: int
    recordings: Sequence[tuple[str, str]]
    loss: str | None
    summary: Mapping[str, Any]
    lines: Sequence[Mapping[str, Any]]

    @property
    def title(self) -> str:
        """What was trained on what."""
        return f"{self.model} seed {self.seed}, {self.stage} on {self.sessions}"

    @property
    def sessions(self) -> str:
        """The sessions trained on, or how many there are."""
        names = [name.partition("-")[0] for name, _ in self.recordings]
        if len(names) > _MOST_NAMED:
            return f"{len(names)} recordings"
        return ", ".join(_LABELS.get(name, name) for name in names)

    def is_twin(self, twin_digests: Collection[str]) -> bool:
        """Whether any of its recordings is a twin, by its name or its digest."""
        return any(TWIN_MARK in name or digest in twin_digests for name, digest in self.recordings)


def read_stages(folder: Path) -> list[FinishedStage]:
    """The finished stages of a folder of runs, run by run in the order of training.

    Raises:
        TrainingError: there are none, or one is damaged.
    """

    def order(path: Path) -> tuple[Path, int]:
        stage = path.parent.name
        return path.parent.parent, STAGES.index(stage) if stage in STAGES else len(STAGES)

    found = [
        stage
        for record in sorted(folder.rglob(RECORD_NAME), key=order)
        if (stage := _read_stage(record.parent)) is not None
    ]
    if not found:
        raise TrainingError(
            f"{folder} holds no finished training; name the folder that `nbsuite train` wrote to."
        )
    return found


def _read_stage(folder: Path) -> FinishedStage | None:
    record = read_record(folder)
    if record is None:
        return None
    try:
        identity, summary = record.identity, record.summary
        loss = identity["recipe"].get("loss")
        lines = _read_lines(folder)
        if lines and loss is None:
            raise ValueError("it has a log of training, but no loss")
        return FinishedStage(
            folder,
            stage=str(identity["stage"]),
            model=str(identity["model"]["name"]),
            seed=int(identity["seed"]),
            recordings=[(str(name), str(digest)) for name, digest in identity["data"]],
            loss=None if loss is None else LOSS_NAMES[LOSS_NAMES.index(loss["name"])],
            summary=_checked_summary(summary),
            lines=lines,
        )
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise TrainingError(
            f"{folder} is not as `nbsuite train` left it ({type(error).__name__}: {error}); leave"
            " it out, or train this stage again."
        ) from error


def _checked_summary(summary: Mapping[str, Any]) -> Mapping[str, Any]:
    """The summary, once what is drawn of it is known to be there."""
    for trial in summary.get("trials", ()):
        _check_finite(trial["sparsity"], trial["train_r2"], float(trial["good"]))
    if "trials" in summary:
        _check_finite(summary["unpruned_train_r2"], summary["sparsity"])
    return summary


def _check_finite(*values: float) -> None:
    for value in values:
        if not math.isfinite(value):
            raise ValueError(f"{value} is not finite")


def _read_lines(folder: Path) -> list[dict[str, Any]]:
    """The log, once every figure that is drawn is known to be there."""
    if not (folder / LOG_NAME).exists():
        return []
    lines = read_log(folder)
    pruned = any("sparsity" in line for line in lines)
    for line in lines:
        for key in _CURVES:
            if line[key] is not None:
                _check_finite(line[key])
        if pruned:
            _check_finite(line["sparsity"])
    return lines


def training_section(stages: Sequence[FinishedStage], twin_digests: Collection[str]) -> Section:
    """A table of all stages, and the curves of those that trained.

    Args:
        stages: the stages; at least one.
        twin_digests: digests of recordings that are known to be twins.
    """
    blocks: list[Block] = [_table(stages, twin_digests)]
    trained = [(number, stage) for number, stage in enumerate(stages, start=1) if stage.lines]
    for number, stage in trained[:_MOST_DRAWN]:
        blocks.append(Heading(stage.title))
        data = Data.of(twin=stage.is_twin(twin_digests))
        blocks += _figures(f"training-{number}", stage, data)
    if len(trained) > _MOST_DRAWN:
        blocks.append(Paragraph(f"The curves of {len(trained) - _MOST_DRAWN:,} more are left out."))
    return Section("training", "Training", blocks)


def _figures(name: str, stage: FinishedStage, data: Data) -> Iterator[PageFigure]:
    twin = data is Data.TWIN
    curves = partial(
        draw_training,
        lines=stage.lines,
        loss=stage.loss or "",
        unit=str(stage.summary.get("label_unit", PRIMATE_REACHING.label_unit)),
        title=stage.title,
        twin=twin,
    )
    yield PageFigure(
        draw_picture(f"{name}-curves", curves),
        f"{stage.title}: loss, R2 and firing rate of hidden neurons by epoch.",
        f"{stage.title}: three curves over {len(stage.lines)} epochs. The loss goes from"
        f" {_ends(stage.lines, 'loss')}, the validation R2 from"
        f" {_ends(stage.lines, 'validation_r2')}, the firing rate of a hidden neuron from"
        f" {_ends(stage.lines, 'spikes_per_second')} per second.",
        data,
    )
    if "trials" in stage.summary:
        draw = partial(draw_pruning, summary=stage.summary, title=stage.title, twin=twin)
        yield PageFigure(
            draw_picture(f"{name}-pruning", draw),
            f"{stage.title}: R2 on the training stretch after retraining, by the share of weights"
            f" removed. Chosen: {stage.summary['sparsity']:.0%}.",
            f"{stage.title}: R2 by the share of weights removed. {_trials(stage.summary)}",
            data,
        )


def _ends(lines: Iterable[Mapping[str, Any]], key: str) -> str:
    """First and last known value of a curve, in words."""
    known = [float(line[key]) for line in lines if line[key] is not None]
    return f"{known[0]:.3g} to {known[-1]:.3g}" if known else "unknown to unknown"


def _trials(summary: Mapping[str, Any]) -> str:
    trials = sorted(summary["trials"], key=lambda trial: float(trial["sparsity"]))
    parts = ", ".join(f"{each['train_r2']:.3f} at {each['sparsity']:.0%}" for each in trials)
    return f"Not pruned {summary['unpruned_train_r2']:.3f}; {parts}."


_COLUMNS = [
    Column("run", "Folder", figures=False),
    Column("stage", "Stage", figures=False),
    Column("model", "Model", figures=False),
    Column("seed", "Seed"),
    Column("sessions", "Trained on", figures=False),
    Column("data", "Data", figures=False),
    Column("epochs", "Epochs"),
    Column("train_r2", "R2, training"),
    Column("validation_r2", "R2, validation"),
    Column("spikes_per_second", "Spikes/s and neuron"),
    Column("sparsity", "Weights removed"),
    Column("seconds", "Seconds"),
]


def _table(stages: Sequence[FinishedStage], twin_digests: Collection[str]) -> PageTable:
    twins = [stage.is_twin(twin_digests) for stage in stages]
    rows = [
        [
            text_cell(stage.folder.parent.name),
            text_cell(stage.stage),
            text_cell(stage.model),
            Cell(str(stage.seed), stage.seed),
            text_cell(stage.sessions),
            text_cell(kind_of(twin=twin)),
            _figure(stage.summary, "epochs", ",.0f"),
            _figure(stage.summary, "train_r2", ".3f"),
            _figure(stage.summary, "validation_r2", ".3f"),
            _figure(stage.summary, "spikes_per_second", ".2f"),
            _figure(stage.summary, "sparsity", ".0%"),
            _figure(stage.summary, "seconds", ",.0f"),
        ]
        for stage, twin in zip(stages, twins, strict=True)
    ]
    notes = ["R2 is measured without dropout at the end of the stage; seconds are of training."]
    table = Table("Stages of training", _COLUMNS, rows, notes)
    return PageTable(table, Data.among(twins), ("run", "stage"))


def _figure(summary: Mapping[str, Any], key: str, form: str) -> Cell:
    value = summary.get(key)
    return Cell(format(value, form), value) if isinstance(value, (int, float)) else EMPTY
