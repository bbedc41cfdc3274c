"""A report: results, decoders at work and training on one page that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import nbsuite
from nbsuite.errors import ResultsError, UsageError
from nbsuite.files import atomic_write
from nbsuite.submissions.report.decoding import Decoding, decoding_section
from nbsuite.submissions.report.page import Page, Section, render
from nbsuite.submissions.report.provenance import provenance_section, read_all_provenance
from nbsuite.submissions.report.results import results_section, summary_section
from nbsuite.submissions.report.training import FinishedStage, training_section
from nbsuite.submissions.results.columns import choose_columns, figures_of
from nbsuite.submissions.results.folder import ResultsFolder
from nbsuite.submissions.results.model_results import ModelResults, by_task
from nbsuite.submissions.results.protocols import CHALLENGE_TASK, task_heading

_MOST_MODELS = 500

SUFFIXES = (".html", ".htm")


def check_name(path: Path) -> None:
    """Refuse a report in another format, before any work is done.

    Raises:
        UsageError: the suffix is neither .html nor .htm.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"Cannot write {path}: a report is HTML; end its name in .html.")


def build_report(
    results: Sequence[tuple[Path, ResultsFolder]],
    decodings: Sequence[Decoding] = (),
    stages: Sequence[FinishedStage] = (),
    columns: str | None = None,
) -> str:
    """The report as HTML. The same inputs give the same text.

    Args:
        results: folders or files of results, and what was read from them.
        decodings: runs of decoders to show.
        stages: finished stages of training to show.
        columns: the figures to show in place of the usual ones, as ``choose_columns`` takes them.

    Raises:
        ResultsError: there are no results on sessions of a task, or those of too many models
            for one page, or provenance is damaged.
        UsageError: a figure is not known.
    """
    paths = [path for path, _ in results]
    models = [model for _, folder in results for model in folder.models]
    if not models:
        raise ResultsError(
            f"{', '.join(map(str, paths))} holds no results on sessions of the challenge or of"
            " another task; name another folder."
        )
    if len(models) > _MOST_MODELS:
        raise ResultsError(
            f"{', '.join(map(str, paths))} holds results of {len(models):,} models, where a report"
            f" has room for {_MOST_MODELS}; name other folders, or files."
        )
    provenance = read_all_provenance(paths)
    twin_digests = provenance.twin_digests()
    figures = None if columns is None else choose_columns(columns, figures_of(models))
    sections = [summary_section(models)]
    sections += [
        results_section(chosen, twin=twin, name=f"{name}{number or ''}", figures=figures)
        for number, of_task in enumerate(by_task(models).values())
        for name, twin in (("real", False), ("twins", True))
        if (chosen := [model for model in of_task if (model.twin is not None) is twin])
    ]
    if decodings:
        sections.append(decoding_section(decodings))
    if stages:
        sections.append(training_section(stages, twin_digests))
    sections.append(provenance_section(provenance))
    any_twins = (
        any(model.twin is not None for model in models)
        or any(decoding.twin for decoding in decodings)
        or any(stage.is_twin(twin_digests) for stage in stages)
    )
    return render(_page(paths, models, sections, twins=any_twins))


def _page(
    paths: Sequence[Path],
    models: Sequence[ModelResults],
    sections: Sequence[Section],
    *,
    twins: bool,
) -> Page:
    names = list(dict.fromkeys(model.model for model in models))
    return Page(
        title=f"Decoding results: {', '.join(names)}",
        introduction=(f"{_of_tasks(models)} Read from {', '.join(map(str, paths))}."),
        warning=_WARNING if twins else None,
        sections=sections,
        footer=f"Made by nbsuite {nbsuite.__version__}. This file is complete in itself.",
    )


def _of_tasks(models: Sequence[ModelResults]) -> str:
    """What was decoded, in a sentence."""
    tasks = list(by_task(models))
    if tasks == [CHALLENGE_TASK]:
        return (
            "Decoders of hand velocity from motor cortex, measured with NeuroBench's official"
            " metrics on the primate-reaching task of the IEEE BioCAS 2024 Grand Challenge."
        )
    named = ", ".join(map(task_heading, tasks))
    return f"Decoders measured with NeuroBench's official metrics, by task: {named}."


_WARNING = (
    "Part of this report is about synthetic recordings; it is marked TWIN. Nothing that is measured"
    " on a TWIN says how well a decoder does on a real recording."
)


def write_report(path: Path, html: str) -> None:
    """Write a report, whole or not at all.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    with atomic_write(path) as temporary:
        temporary.write_text(html, encoding="utf-8", newline="\n")
