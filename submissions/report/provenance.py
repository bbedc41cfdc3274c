"""Where reported results come from: weights, recordings, software and recipe of every run.

Provenance is read from strangers' files, so nothing is taken for granted about it: what is missing
or of another kind is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nbsuite.errors import ResultsError
from nbsuite.models.training_data import TrainingData
from nbsuite.submissions.report.page import Block, Data, Listing, PageTable, Paragraph, Section
from nbsuite.submissions.results.challenge import provenance_path
from nbsuite.submissions.results.formats import EMPTY, Cell, Column, Table, text_cell
from nbsuite.submissions.results.names import SUMMARY_PREFIX
from nbsuite.submissions.results.results_file import is_twin, read_provenance, results_files
from nbsuite.twin_labels import kind_of
from nbsuite.untrusted.json_output import format_json
from nbsuite.untrusted.text import one_line

_DIGITS = 16
"""Digits shown of a digest: enough to tell any two apart."""

# A page stays one that a browser opens, whatever it is made of.
_MOST_BYTES = 64 << 20
_MOST_RUNS = 2000
_MOST_TEXTS = 200
_LONGEST_RECIPE = 20_000
_LONGEST_TEXT = 300


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
        ResultsError: a file of provenance is damaged, or they are more than 64 megabytes.
    """
    provenance, size = Provenance(), 0
    for path in paths:
        for file in results_files(path):
            if not file.name.startswith(SUMMARY_PREFIX):
                provenance.files[file] = read_provenance(file)
                size += provenance_path(file).stat().st_size if provenance.files[file] else 0
            if size > _MOST_BYTES:
                raise ResultsError(
                    f"The provenance of the results in {path} has more than {_MOST_BYTES:,} bytes;"
                    " name fewer folders, or files."
                )
    return provenance


def provenance_section(provenance: Provenance) -> Section:
    """The runs in a table, their software below it, their recipes in full."""
    blocks: list[Block] = []
    silent = [file.name for file, content in provenance.files.items() if not content]
    told = [file for file, content in provenance.files.items() if content]
    if told:
        software, recipes = _Numbered(), _Numbered()
        runs = list(provenance.runs())
        twins = {file: is_twin(file, provenance.files[file]) for file in told}
        rows = [
            _row(file, run, software, recipes, twin=twins[file]) for file, run in runs[:_MOST_RUNS]
        ]
        notes = [
            f"SHA-256: the first {_DIGITS} of 64 hexadecimal digits.",
            *(f"[{number}] {text}" for number, text in enumerate(software.texts, start=1)),
        ]
        if len(runs) > _MOST_RUNS:
            notes.insert(0, f"The first {_MOST_RUNS:,} of {len(runs):,} runs.")
        table = Table("How each result was made", _COLUMNS, rows, notes)
        data = Data.among(list(twins.values()))
        blocks.append(PageTable(table, data, ("results", "seed")))
        blocks += [
            Listing(f"Recipe {number}", text) for number, text in enumerate(recipes.texts, start=1)
        ]
    if silent:
        named = ", ".join(silent[:_MOST_TEXTS])
        more = f" and {len(silent) - _MOST_TEXTS:,} more" if len(silent) > _MOST_TEXTS else ""
        blocks.append(Paragraph(f"No provenance came with: {named}{more}."))
    if not provenance.files:
        blocks.append(Paragraph("Summaries alone were given, which come without provenance."))
    return Section("provenance", "Provenance", blocks)


class _Numbered:
    """Texts that rows refer to by number, each kept once; of very many, the first."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def cell(self, text: str) -> Cell:
        if not text or (text not in self.texts and len(self.texts) == _MOST_TEXTS):
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


def _row(
    file: Path, run: object, software: _Numbered, recipes: _Numbered, *, twin: bool
) -> list[Cell]:
    recipe = _get(run, "checkpoint", "recipe")
    return [
        text_cell(file.name),
        _cell(run, "checkpoint", "seed"),
        text_cell(kind_of(twin=twin or bool(_get(run, "data", "twin")))),
        text_cell(_trained_on(run)),
        _cell(run, "checkpoint", "file"),
        _digest(run, "checkpoint", "weights_sha256"),
        _cell(run, "data", "file"),
        _digest(run, "data", "sha256"),
        recipes.cell(_recipe(recipe) if recipe else ""),
        _cell(run, "run", "kernel"),
        _cell(run, "run", "device"),
        _cell(run, "time"),
        software.cell(_software(run)),
    ]


def _recipe(recipe: object) -> str:
    text = format_json(recipe)
    return text if len(text) <= _LONGEST_RECIPE else f"{text[:_LONGEST_RECIPE]}\n..."


def _trained_on(run: object) -> str | None:
    """Real recordings or twins; None where it is not known."""
    try:
        twin = TrainingData.from_json(_get(run, "checkpoint", "trained_on")).on_twin
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return None if twin is None else kind_of(twin=twin)


def _software(run: object) -> str:
    versions = _get(run, "versions")
    parts = [
        f"{name} {version}"
        for name, version in (versions.items() if isinstance(versions, Mapping) else ())
        if isinstance(version, str)
    ]
    if commit := _text(_get(run, "commit")):
        parts.append(f"commit {commit}")
    if machine := _text(_get(run, "machine")):
        parts.append(machine)
    return one_line(", ".join(parts), _LONGEST_TEXT)


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
    """A text or a number; not true or false, which are neither."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    return one_line(str(value), _LONGEST_TEXT)
