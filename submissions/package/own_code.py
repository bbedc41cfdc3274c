"""A decoder of the team's own in a package: the one file of its code, and what that imports.

The file is found by its digest, which every checkpoint names, and is read as text alone. It is run
by nobody but ``load_own``, for who has asked for it.
"""

from __future__ import annotations

import ast
import importlib.metadata
import sys
from collections.abc import Sequence
from pathlib import Path

from nbsuite.errors import PackageError
from nbsuite.files import digest
from nbsuite.models.checkpoint import Checkpoint, load_checkpoint
from nbsuite.submissions.package.contents import Contents
from nbsuite.submissions.package.json import read_text
from nbsuite.submissions.package.layout import SOURCE

_OURS = "nbsuite"


def find_code(contents: Contents, places: Sequence[Path]) -> Path:
    """The file of the decoder's code among what is to be packed.

    Args:
        contents: results of a decoder of the team's own.
        places: files, and folders that are searched to the bottom.

    Raises:
        PackageError: it is not there, or was changed since.
    """
    sha256, factory = _told(contents)
    for place in places:
        files = sorted(place.rglob("*.py")) if place.is_dir() else [place]
        for file in files:
            if file.suffix == ".py" and file.is_file() and digest(file) == sha256:
                return file
    raise PackageError(
        f"The code of {contents.submission.model}, {factory}, as it was when results were measured"
        f" with it (SHA-256 {sha256[:12]}..), is not among what is to be packed; name its file"
        " too, or measure again with what it is now."
    )


def check_code(folder: Path, contents: Contents) -> None:
    """Hold the packed code against what the results were measured with; it is not run.

    Raises:
        PackageError: it is another file, or no text of Python.
    """
    sha256, _ = _told(contents)
    if digest(folder / SOURCE) != sha256:
        raise PackageError(f"{SOURCE} is not the code that the results were measured with.")
    imported_names(read_text(folder / SOURCE, SOURCE), SOURCE)


def load_own(folder: Path, name: str, factory: str) -> Checkpoint:
    """Load a checkpoint of an unpacked package, running the package's code.

    Args:
        folder: where the package is unpacked.
        name: the checkpoint's name in it.
        factory: how the team named what makes the decoder.

    Raises:
        DecoderError: the code does not make the decoder.
        CheckpointError: the weights do not fit it.
    """
    from nbsuite.models.factory import load_factory
    from nbsuite.models.module_training import trainable_module

    made = load_factory(f"{folder / SOURCE}:{factory.rpartition(':')[2]}")
    return load_checkpoint(folder / name, lambda spec: trainable_module(made, spec))


def imported_names(text: str, origin: str) -> set[str]:
    """What Python code imports that is neither Python's own nor nbsuite's, by its first names.

    Raises:
        PackageError: it is no Python, or imports what lies beside it.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise PackageError(f"{origin} is no text of Python ({type(error).__name__}).") from error
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise PackageError(
                    f"{origin} imports from beside itself in line {node.lineno}, where a package"
                    " holds one file of code: put all of it into one."
                )
            names.add((node.module or "").partition(".")[0])
    return names - sys.stdlib_module_names - {_OURS}


def distributions_of(names: set[str], origin: str) -> list[str]:
    """The installed distributions that imported names are of.

    Raises:
        PackageError: one is of none, such as a file beside the code.
    """
    known = importlib.metadata.packages_distributions()
    found = {name: known.get(name) or _holding(name) for name in sorted(names)}
    for name, distributions in found.items():
        if not distributions:
            raise PackageError(
                f"{origin} imports {name[:100]!a}, which is of no installed package; where it is a"
                " file beside it, put all code into one file."
            )
    return sorted({each for distributions in found.values() for each in distributions})


def _holding(name: str) -> list[str]:
    """Distributions with files of that module: Python 3.10 knows only those that list theirs."""
    return [
        distribution.metadata["Name"]
        for distribution in importlib.metadata.distributions()
        if any(file.parts[0] in (name, f"{name}.py") for file in distribution.files or ())
    ]


def _told(contents: Contents) -> tuple[str, str]:
    """Digest of the code and how it was named, by the provenance of all runs.

    Raises:
        PackageError: runs are of different code, or it came out of no file.
    """
    told = {
        (model.get("source_sha256"), model.get("factory"))
        for each in contents.sessions
        for model in (run["checkpoint"]["model"] for run in each.runs)
    }
    if len(told) > 1:
        raise PackageError(
            f"the results of {contents.submission.model} were measured with different code; measure"
            " all with the same."
        )
    sha256, factory = told.pop()
    if not isinstance(sha256, str) or not isinstance(factory, str) or ":" not in factory:
        raise PackageError(
            f"the code of {contents.submission.model} was not named as a file's, such as"
            " my_decoder.py:build, so that it cannot be packed."
        )
    return sha256, factory
