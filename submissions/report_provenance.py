"""Where reported results come from: weights, recordings, software and recipe of every run.

Provenance is read from strangers' files, so nothing is taken for granted about it: what is missing
or of another kind is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nbsuite.models.training_data import TrainingData
from nbsuite.submissions.formats import EMPTY, Cell, Column, Table, text_cell
from nbsuite.submissions.report_page import Block, Data, Listing, PageTable, Paragraph, Section
from nbsuite.submissions.results_folder import is_twin, read_provenance, results_files

_DIGITS = 16
"""Digits shown of a digest: enough to tell any two apart."""


@dataclass
class Provenance:
    """The provenance of all results reported.

    Attributes:
        files: results files, in order, and the provenance beside each; empty where there is none.
    """

    files: dict[Path, Mapping[str, object]] = field(default_factory=dict)

    def runs(self) -> Iterator[tuple[Path, object]]:
        """Each run that is told of, and its results file."""
        for file, content in self.files.items():
            runs = content.get("runs")
            for run in runs if isinstance(runs, list) else ():
                yield file, run

    def twin_digests(self) -> frozenset[str]:
        """Digests of recordings that are known to be twins."""
        twins = (_get(run, "data") for _, run in self.runs() if _get(run, "data", "twin"))
        return frozenset(
            digest for each in twins if isinstance(digest := _get(each, "sha256"), str)
        )


def read_all_provenance(paths: Sequence[Path]) -> Provenance:
    """The provenance beside all results files of some folders, or beside single files.

    Raises:
        ResultsError: a file of provenance is damaged.
    """
    provenance = Provenance()
    for path in paths:
        for file in results_files(path):
            if not file.name.startswith("results_summary_"):
                provenance.files[file] = read_provenance(file)
    return provenance


def provenance_section(provenance: Provenance) -> Section:
    """The runs in a table, their software below it, their recipes in full."""
    blocks: list[Block] = []
    silent = [file.name for file, content in provenance.files.items() if not content]
    told = [file for file, content in provenance.files.items() if content]
    if told:
        software, recipes = _Numbered(), _Numbered()
        rows = [_row(file, run, software, recipes) for file, run in provenance.runs()]
        notes = [
            f"SHA-256: the first {_DIGITS} of 64 hexadecimal digits.",
            *(f"[{number}] {text}" for number, text in enumerate(software.texts, start=1)),
        ]
        table = Table("How each result was made", _COLUMNS, rows, notes)
        data = Data.among([is_twin(file) for file in told])
        blocks.append(PageTable(table, data, ("results", "seed")))
        blocks += [
            Listing(f"Recipe {number}", text) for number, text in enumerate(recipes.texts, start=1)
        ]
    if silent:
        blocks.append(Paragraph(f"No provenance came with: {', '.join(silent)}."))
    if not provenance.files:
        blocks.append(Paragraph("Summaries alone were given, which come without provenance."))
    return Section("provenance", "Provenance", blocks)


class _Numbered:
    """Texts that rows refer to by number, each kept once."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def cell(self, text: str) -> Cell:
        if not text:
            return EMPTY
        if text not in self.texts:
            self.texts.append(text)
        number = 1 + self.texts.index(text)
        return Cell(f"[{number}]", number)


_COLUMNS = [
    Column("results", "Results", figures=False),
    Column("seed", "Seed"),
    Column("data", "Data", figures=False),
    Column("trained_on", "Trained on", figures=False),
    Column("checkpoint", "Checkpoint", figures=False),
    Column("weights", "Weights (SHA-256)", figures=False),
    Column("recording", "Recording", figures=False),
    Column("recording_digest", "Recording (SHA-256)", figures=False),
    Column("recipe", "Recipe"),
    Column("kernel", "Kernel", figures=False),
    Column("device", "Device", figures=False),
    Column("time", "Time", figures=False),
    Column("software", "Software"),
]


def _row(file: Path, run: object, software: _Numbered, recipes: _Numbered) -> list[Cell]:
    recipe = _get(run, "checkpoint", "recipe")
    return [
        text_cell(file.name),
        _cell(run, "checkpoint", "seed"),
        text_cell("TWIN" if _get(run, "data", "twin") or is_twin(file) else "real"),
        text_cell(_trained_on(run)),
        _cell(run, "checkpoint", "file"),
        _digest(run, "checkpoint", "weights_sha256"),
        _cell(run, "data", "file"),
        _digest(run, "data", "sha256"),
        recipes.cell(json.dumps(recipe, indent=2, ensure_ascii=False) if recipe else ""),
        _cell(run, "run", "kernel"),
        _cell(run, "run", "device"),
        _cell(run, "time"),
        software.cell(_software(run)),
    ]


def _trained_on(run: object) -> str | None:
    """Real recordings or twins; None where it is not known."""
    try:
        twin = TrainingData.from_json(_get(run, "checkpoint", "trained_on")).on_twin
    except (KeyError, TypeError, ValueError):
        return None
    return {True: "TWIN", False: "real", None: None}[twin]


def _software(run: object) -> str:
    versions = _get(run, "versions")
    parts = [
        f"{name} {version}"
        for name, version in (versions.items() if isinstance(versions, Mapping) else ())
    ]
    if commit := _text(_get(run, "commit")):
        parts.append(f"commit {commit}")
    if machine := _text(_get(run, "machine")):
        parts.append(machine)
    return ", ".join(parts)


def _cell(run: object, *keys: str) -> Cell:
    return text_cell(_text(_get(run, *keys)))


def _digest(run: object, *keys: str) -> Cell:
    text = _text(_get(run, *keys))
    return text_cell(text and text[:_DIGITS])


def _get(value: object, *keys: str) -> object:
    """What stands under some keys, one in the other; None where anything is not as it should."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, (str, int, float)) else None
