"""The variants of a search, the best first.

They are ranked by R2 on the stretch that is held out for validation. R2 on the test set stands
beside it for information: what is chosen by it is no longer measured by it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from nbsuite.cli.sweep_results import (
    MADE_OF_NAME,
    digests,
    is_made_of,
    read_result,
    write_text,
)
from nbsuite.submissions.formats import EMPTY, RENDERERS, Cell, Column, Table, text_cell
from nbsuite.training.run_folder import RECORD_NAME, read_record

NAME = "ranking"


@dataclass(frozen=True)
class Candidate:
    """A variant of one model.

    Attributes:
        model: the model's name.
        variant: the variant's name.
        decoders: for each session and seed, the folder of its last stage and its results file.
    """

    model: str
    variant: str
    decoders: tuple[tuple[Path, Path], ...]


@dataclass(frozen=True)
class RankingWork:
    """The ranking of a search.

    Attributes:
        candidates: what is ranked.
        folder: where it goes: ``ranking.json`` and ``ranking.md``.
    """

    candidates: tuple[Candidate, ...]
    folder: Path

    def __call__(self) -> None:
        """Rank the candidates."""
        made_of = self._made_of()
        rows = sorted(map(_row, self.candidates), key=_rank)
        write_text(self.folder / f"{NAME}.json", json.dumps(rows, indent=1, allow_nan=False))
        write_text(self.folder / f"{NAME}.md", RENDERERS["markdown"](ranking_table(rows)))
        write_text(self.folder / MADE_OF_NAME, json.dumps(made_of, indent=1))

    def is_finished(self) -> bool:
        """Whether the ranking is made of what is there."""
        return is_made_of(self.folder / MADE_OF_NAME, self._made_of())

    def _made_of(self) -> dict[str, str]:
        pairs = [pair for candidate in self.candidates for pair in candidate.decoders]
        records = [folder / RECORD_NAME for folder, _results in pairs]
        return digests([*records, *(results for _folder, results in pairs)])


def read_ranking(folder: Path) -> Table:
    """The ranking that lies in a folder.

    Raises:
        OSError, ValueError: there is none.
    """
    return ranking_table(json.loads((folder / f"{NAME}.json").read_text(encoding="utf-8")))


def ranking_table(rows: Sequence[dict[str, Any]]) -> Table:
    """A ranking as a table."""
    columns = [
        Column("model", "Model", figures=False),
        Column("variant", "Variant", figures=False),
        Column("validation_r2", "Validation R2"),
        Column("deviation", "Deviation"),
        Column("test_r2", "Test R2"),
        Column("decoders", "Decoders"),
    ]
    cells = [
        [
            text_cell(row["model"]),
            text_cell(row["variant"]),
            *(_figure(row[key]) for key in ("validation_r2", "deviation", "test_r2")),
            Cell(f"{row['decoders']} of {row['planned']}", row["decoders"]),
        ]
        for row in rows
    ]
    notes = [
        "Ranked by R2 on what is held out for validation, mean and standard deviation over"
        " sessions and seeds; complete variants come first."
    ]
    return Table("Variants of the study, the best first", columns, cells, notes)


def _row(candidate: Candidate) -> dict[str, Any]:
    """Means over the decoders that are there."""
    validation, test = [], []
    for folder, results in candidate.decoders:
        record = read_record(folder)
        if record is not None and record.summary["validation_r2"] is not None:
            validation.append(float(record.summary["validation_r2"]))
        if results.is_file():
            test.append(float(read_result(results).values["r2"]))
    return {
        "model": candidate.model,
        "variant": candidate.variant,
        "validation_r2": fmean(validation) if validation else None,
        "deviation": stdev(validation) if len(validation) > 1 else None,
        "test_r2": fmean(test) if test else None,
        "decoders": len(validation),
        "planned": len(candidate.decoders),
    }


def _rank(row: dict[str, Any]) -> tuple[str, bool, float]:
    r2 = row["validation_r2"]
    return row["model"], row["decoders"] < row["planned"], float("inf") if r2 is None else -r2


def _figure(value: float | None) -> Cell:
    return EMPTY if value is None else Cell(f"{value:.4f}", value)
