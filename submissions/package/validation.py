"""Validation of a submission package. Nothing in the package is executed."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from nbsuite.errors import NbsuiteError, PackageError
from nbsuite.submissions.package.archive import unpack
from nbsuite.submissions.package.checkpoints import check_checkpoints
from nbsuite.submissions.package.checks import check_completeness, check_results
from nbsuite.submissions.package.contents import Contents, read_contents
from nbsuite.submissions.package.json import read_text
from nbsuite.submissions.package.layout import LOCK, README, SCRIPT, SOURCE, refusal
from nbsuite.submissions.package.lock import check_lock
from nbsuite.submissions.package.manifest import check_manifest
from nbsuite.submissions.package.own_code import check_code
from nbsuite.submissions.package.readme import render_readme, script


@dataclass(frozen=True)
class Validation:
    """A package that was found valid.

    Attributes:
        folder: where it is unpacked.
        contents: what it holds.
        packed_by: the version of nbsuite that packed it.
        own_script: whether evaluate.py is, to the byte, the one that this nbsuite packs.
        remarks: sentences for people about what is valid but worth knowing.
    """

    folder: Path
    contents: Contents
    packed_by: str
    own_script: bool
    remarks: tuple[str, ...]


def validate_package(
    package: Path, folder: Path, *, allow_twins: bool = False, partial: bool = False
) -> Validation:
    """Unpack a package and check all that can be checked without data.

    Args:
        package: the archive.
        folder: an empty folder to unpack it into.
        allow_twins: accept results on twins, which never count as a submission.
        partial: accept results on some of the six sessions.

    Raises:
        PackageError: names the package, the file in it and the fault.
    """
    names = unpack(package, folder)
    try:
        return validate_folder(folder, names, allow_twins=allow_twins, partial=partial)
    except NbsuiteError as error:
        raise refusal(package, without_folder(error, folder)) from error


def validate_folder(
    folder: Path, names: Collection[str], *, allow_twins: bool, partial: bool
) -> Validation:
    """Check an unpacked package.

    Args:
        folder: where it is unpacked.
        names: the files in it.
        allow_twins: see :func:`validate_package`.
        partial: see :func:`validate_package`.

    Raises:
        NbsuiteError: names the file in the package and the fault.
    """
    packed_by = check_manifest(folder, names)
    contents = read_contents(folder, names)
    if contents.twin and not allow_twins:
        raise PackageError(
            "its results are on session twins, which never count as a submission "
            "(--allow-twins admits them to try the procedure)."
        )
    check_completeness(contents, partial=partial)
    check_results(contents)
    check_checkpoints(folder, contents)
    lock_remarks = check_lock(read_text(folder / LOCK, LOCK), contents.runner)
    if contents.has_own_code:
        check_code(folder, contents)
    own_script = contents.runner == SCRIPT and (folder / SCRIPT).read_bytes() == script()
    remarks = [*_remarks(folder, contents, own_script=own_script), *lock_remarks]
    return Validation(folder, contents, packed_by, own_script, tuple(remarks))


def without_folder(error: Exception, folder: Path) -> str:
    """An error's sentence with files of the folder under their names in the package."""
    return str(error).replace(f"{folder}{os.sep}", "")


def _remarks(folder: Path, contents: Contents, *, own_script: bool) -> Iterator[str]:
    if contents.twin:
        yield "The results are on TWINS: this is no submission."
    if contents.trained_on_twins:
        yield (
            f"The weights for {', '.join(contents.trained_on_twins)} were trained on TWINS, which"
            " are synthetic: say so in the description."
        )
    if contents.has_own_code:
        yield (
            f"The decoder is made by {SOURCE}, code of the team's own that was not run here, so"
            " that its figures were not checked against its weights: read it, and verify with"
            " --run-code."
        )
    elif contents.runner is None:
        yield f"The decoder is run by nbsuite alone: {SCRIPT} knows one layer of LIF neurons."
    elif not own_script:
        yield (
            f"{SCRIPT} is not the one that this nbsuite packs: it may be of another version, "
            "or do anything; read it before you run it."
        )
    if read_text(folder / README, README) != render_readme(contents):
        yield f"{README} is not the one that this nbsuite writes: its tables may say anything."
