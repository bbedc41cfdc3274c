"""Packing a submission: from results and checkpoints to one archive."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nbsuite.errors import NbsuiteError, PackageError
from nbsuite.submissions.package.archive import write_archive
from nbsuite.submissions.package.checkpoints import recipe_of
from nbsuite.submissions.package.contents import (
    Contents,
    SessionResults,
    provenance_name,
    read_session,
    results_name,
    summary_name,
)
from nbsuite.submissions.package.json import read_text
from nbsuite.submissions.package.layout import (
    CHECKPOINTS,
    LOCK,
    MANIFEST,
    README,
    RECIPES,
    RESULTS,
    SCRIPT,
    SOURCE,
    SUBMISSION,
)
from nbsuite.submissions.package.lock import dependency_lock
from nbsuite.submissions.package.manifest import make_manifest
from nbsuite.submissions.package.own_code import distributions_of, find_code, imported_names
from nbsuite.submissions.package.readme import render_readme, script
from nbsuite.submissions.package.sources import CheckpointFinder, FoundResults, find_results
from nbsuite.submissions.package.submission import Submission, read_submission
from nbsuite.submissions.package.validation import Validation, validate_folder, without_folder
from nbsuite.submissions.results.challenge import provenance_path
from nbsuite.submissions.results.summaries import summarise
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING
from nbsuite.untrusted.text import one_line

_MOST_NAMED = 5


def pack(
    sources: Sequence[Path],
    submission: Path,
    output: Path,
    *,
    allow_twins: bool = False,
    partial: bool = False,
    force: bool = False,
) -> Validation:
    """Write the package of a submission; the same inputs give the same bytes.

    The package is validated before it is written.

    Args:
        sources: results and checkpoints: files, and folders that are searched to the bottom.
        submission: the submission.toml.
        output: the archive to write.
        allow_twins: take results on twins where there are no others.
        partial: some of the six sessions will do.
        force: replace the archive if it exists.

    Raises:
        PackageError: something is missing, or does not fit together.
        OSError: the folder cannot be written, or the disk is full.
    """
    if output.exists() and not force:
        raise PackageError(
            f"{output} exists already and is kept; replace it with --force or choose another "
            "with -o."
        )
    described = read_submission(submission)
    found = find_results(sources, described.model, allow_twins=allow_twins)
    finder = CheckpointFinder(sources)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        try:
            names = _assemble(folder, described, submission, found.results, finder, sources)
            validation = validate_folder(folder, names, allow_twins=allow_twins, partial=partial)
        except NbsuiteError as error:
            raise PackageError(
                f"{output} is not written: {without_folder(error, folder)}"
            ) from error
        write_archive(output, folder, names)
    if found.foreign:
        remarks = (*validation.remarks, _passed_over(found.foreign, described.model))
        return replace(validation, remarks=remarks)
    return validation


def _passed_over(foreign: Sequence[Path], model: str) -> str:
    named = ", ".join(one_line(str(path)) for path in foreign[:_MOST_NAMED])
    more = len(foreign) - _MOST_NAMED
    return (
        f"Passed over {named}{f' and {more} more' if more > 0 else ''}: no results of {model} on"
        " sessions of the challenge."
    )


def _assemble(
    folder: Path,
    described: Submission,
    submission: Path,
    found: Sequence[FoundResults],
    finder: CheckpointFinder,
    places: Sequence[Path],
) -> list[str]:
    """Put all files of the package into a folder; returns their names."""
    (folder / RESULTS).mkdir()
    (folder / CHECKPOINTS).mkdir()
    sessions = [_add_results(folder, described.model, each) for each in found]
    summary = summarise({each.recording: each.results for each in sessions})
    contents = Contents(described, _in_order(sessions), summary)
    recipes: dict[str, Any] = {}
    for each in contents.sessions:
        for name, run in zip(each.checkpoints(described.model), each.runs, strict=True):
            stored = finder.find(run)
            shutil.copyfile(stored.path, folder / name)
            recipes[name] = recipe_of(stored.header)
    texts = {
        SUBMISSION: read_text(submission, str(submission)),
        summary_name(described.model, twin=contents.twin): _json(summary, 4),
        RECIPES: _json(recipes, 2),
        README: render_readme(contents),
        **_code(contents, places),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    listed = contents.names() - {MANIFEST}
    (folder / MANIFEST).write_text(make_manifest(folder, listed), encoding="utf-8", newline="\n")
    return [*listed, MANIFEST]


def _code(contents: Contents, places: Sequence[Path]) -> dict[str, str]:
    """What runs the decoder, and what that needs: evaluate.py, or the team's own code."""
    if contents.runner == SCRIPT:
        return {LOCK: dependency_lock(), SCRIPT: script().decode()}
    if contents.runner is None:
        return {LOCK: dependency_lock(None)}
    file = find_code(contents, places)
    text = read_text(file, str(file))
    imported = distributions_of(imported_names(text, str(file)), str(file))
    return {LOCK: dependency_lock(SOURCE, imported), SOURCE: text}


def _add_results(folder: Path, model: str, found: FoundResults) -> SessionResults:
    recording = found.path.stem.removeprefix(f"results_{model}_")
    name = results_name(model, recording)
    shutil.copyfile(found.path, folder / name)
    shutil.copyfile(provenance_path(found.path), folder / provenance_name(name))
    return read_session(folder, provenance_name(name), model)


def _in_order(sessions: Sequence[SessionResults]) -> tuple[SessionResults, ...]:
    return tuple(sorted(sessions, key=lambda each: PRIMATE_REACHING.sessions.index(each.session)))


def _json(content: Any, indent: int) -> str:
    return json.dumps(content, indent=indent, allow_nan=False) + "\n"
