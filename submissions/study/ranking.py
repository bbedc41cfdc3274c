"""The variants of a search, the best first, those of each task and model by themselves.

They are ranked by R2 on the stretch that is held out for validation. R2 on the test set stands
beside it for information: what is chosen by it is no longer measured by it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean, stdev

from nbsuite.errors import ResultsError
from nbsuite.protocol import EARLIEST_PROTOCOL
from nbsuite.statistics.intervals import LEVEL
from nbsuite.statistics.uncertain import Interval
from nbsuite.submissions.results.decoders import DecoderR2
from nbsuite.submissions.results.formats import EMPTY, RENDERERS, Cell, Column, Table, text_cell
from nbsuite.submissions.results.protocols import CHALLENGE_TASK
from nbsuite.submissions.study.last_tasks import (
    MADE_OF_NAME,
    digests,
    is_made_of,
    read_result,
    write_text,
)
from nbsuite.submissions.study.winner import tested_decoder, verdict
from nbsuite.submissions.tables.intervals import HEADING, interval_cell
from nbsuite.sweep.toml_file import is_number
from nbsuite.training.run_folder import RECORD_NAME, read_record
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.fields import decode
from nbsuite.untrusted.json_text import read_json_file

NAME = "ranking"
_LARGEST_RANKING = 64 << 20


@dataclass(frozen=True)
class Candidate:
    """A variant of one model under one task.

    Attributes:
        model: the model's name.
        variant: the variant's name.
        decoders: for each session and seed, the folder of its last stage and its results file.
        task: name and version of the task.
        family: name of the model's family, whose networks are ranked together.
    """

    model: str
    variant: str
    decoders: tuple[tuple[Path, Path], ...]
    task: str
    family: str


@dataclass(frozen=True)
class Row:
    """What a candidate came to.

    Attributes:
        model: the model's name.
        variant: the variant's name.
        validation_r2: mean over the decoders that are there; None where none is.
        deviation: standard deviation of it.
        test_r2: mean over the decoders that were measured.
        decoders: how many there are.
        planned: how many there should be.
        task: name and version of the task.
        family: name of the model's family; empty in rankings of earlier versions.
        test_low: lower end of the 95 % interval of test R2; None where it cannot be told.
        test_high: its upper end.
        verdict: of the best of its family, what can be said of it and of the next.
    """

    model: str
    variant: str
    validation_r2: float | None
    deviation: float | None
    test_r2: float | None
    decoders: int
    planned: int
    task: str = EARLIEST_PROTOCOL
    family: str = ""
    test_low: float | None = None
    test_high: float | None = None
    verdict: str = ""


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
        rows = _ranked(self.candidates)
        write_text(self.folder / f"{NAME}.json", _as_json(rows))
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
        ResultsError: there is none, or it is damaged.
    """
    path = folder / f"{NAME}.json"
    try:
        rows = read_json_file(path, _LARGEST_RANKING)
        if not isinstance(rows, list):
            raise FormatFault("is no list")
        return ranking_table([decode(Row, row) for row in rows])
    except (OSError, FormatFault) as error:
        what = error.strerror if isinstance(error, OSError) else error
        raise ResultsError(
            f"{path} cannot be read ({what}): delete {folder / MADE_OF_NAME} and give the command"
            " again to rank anew."
        ) from error


def ranking_table(rows: Sequence[Row]) -> Table:
    """A ranking as a table."""
    named = any(row.task != CHALLENGE_TASK for row in rows)
    columns = [
        *([Column("task", "Task", figures=False)] if named else []),
        Column("model", "Model", figures=False),
        Column("variant", "Variant", figures=False),
        Column("validation_r2", "Validation R2"),
        Column("deviation", "Deviation"),
        Column("test_r2", "Test R2"),
        Column("test_interval", HEADING),
        Column("decoders", "Decoders"),
    ]
    cells = [
        [
            *([text_cell(row.task)] if named else []),
            text_cell(row.model),
            text_cell(row.variant),
            *map(_figure, (row.validation_r2, row.deviation, row.test_r2)),
            _interval(row),
            Cell(f"{row.decoders} of {row.planned}", row.decoders),
        ]
        for row in rows
    ]
    notes = [
        "Ranked by R2 on what is held out for validation, mean and standard deviation over"
        " sessions and seeds; complete variants come first.",
        *(row.verdict for row in rows if row.verdict),
    ]
    return Table("Variants of the study, the best first", columns, cells, notes, naming=2)


def _ranked(candidates: Sequence[Candidate]) -> list[Row]:
    """The candidates' rows in order, the best of each family with a verdict."""
    pairs = [(_row(each), _tested(each)) for each in candidates]
    pairs.sort(key=lambda pair: _rank(pair[0]))
    rows = [_with_interval(row, tested) for row, tested in pairs]
    firsts = [
        number
        for number, row in enumerate(rows)
        if number == 0 or _family(row) != _family(rows[number - 1])
    ]
    for number in firsts:
        following = number + 1
        has_next = following < len(rows) and following not in firsts
        next_best = pairs[following][1] if has_next else None
        rows[number] = replace(rows[number], verdict=verdict(pairs[number][1], next_best))
    return rows


def _family(row: Row) -> tuple[str, str]:
    """What variants are ranked within."""
    return row.task, row.family or row.model


def _tested(candidate: Candidate) -> DecoderR2 | None:
    name = " ".join(filter(None, (candidate.model, candidate.variant)))
    return tested_decoder(name, [path for _, path in candidate.decoders if path.is_file()])


def _with_interval(row: Row, tested: DecoderR2 | None) -> Row:
    interval = None if tested is None else tested.interval()
    if interval is None:
        return row
    return replace(row, test_low=interval.low, test_high=interval.high)


def _interval(row: Row) -> Cell:
    if row.test_low is None or row.test_high is None:
        return EMPTY
    return interval_cell(Interval(row.test_low, row.test_high, LEVEL))


def _row(candidate: Candidate) -> Row:
    """Means over the decoders that are there."""
    validation, test = [], []
    for folder, results in candidate.decoders:
        record = read_record(folder)
        if record is not None and is_number(record.summary.get("validation_r2")):
            validation.append(float(record.summary["validation_r2"]))
        if results.is_file():
            test.append(float(read_result(results).values["r2"]))
    return Row(
        model=candidate.model,
        variant=candidate.variant,
        validation_r2=fmean(validation) if validation else None,
        deviation=stdev(validation) if len(validation) > 1 else None,
        test_r2=fmean(test) if test else None,
        decoders=len(validation),
        planned=len(candidate.decoders),
        task=candidate.task,
        family=candidate.family,
    )


def _rank(row: Row) -> tuple[str, str, bool, float]:
    r2 = row.validation_r2
    return (
        *_family(row),
        row.decoders < row.planned,
        float("inf") if r2 is None else -r2,
    )


def _as_json(rows: Sequence[Row]) -> str:
    return json.dumps(list(map(asdict, rows)), indent=1, allow_nan=False)


def _figure(value: float | None) -> Cell:
    return EMPTY if value is None else Cell(f"{value:.4f}", value)
