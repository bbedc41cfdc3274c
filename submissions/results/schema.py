"""Reading, checking and writing JSON by the schemas in ``schemas/``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from nbsuite.errors import ResultsError
from nbsuite.files import atomic_write
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.files import LARGEST_TEXT
from nbsuite.untrusted.json_text import DEEPEST, parse_json, read_json_file
from nbsuite.untrusted.text import one_line

LARGEST_RESULTS = 1 << 20
"""Bytes of the largest file of results, which has room for thousands of seeds."""

_DEEPEST = 2 * DEEPEST
"""Levels of provenance, which quotes the headers of checkpoints, and these what they quote."""

_LONGEST_PLACE = 80
_LONGEST_FAULT = 160
_MOST_FAULTS = 100
"""Faults of which the one to tell is chosen: a large file may have millions."""

SchemaName = Literal["results", "summary", "provenance", "manifest"]


@cache
def schema(name: SchemaName) -> dict[str, Any]:
    """A JSON Schema of the package, by its name."""
    file = resources.files("nbsuite.submissions") / "schemas" / f"{name}.schema.json"
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def validate(content: Any, name: SchemaName, origin: str) -> None:
    """Check JSON content against a schema.

    Args:
        content: the content.
        name: the schema.
        origin: file name, for messages.

    Raises:
        ResultsError: names the place and the fault.
    """
    if (fault := fault_of(content, name)) is not None:
        raise ResultsError(
            f"{origin} is not in challenge format: {fault}; correct it or write it again."
        )


def fault_of(content: Any, name: SchemaName) -> str | None:
    """Where and how JSON content departs from a schema; None where it follows it."""
    import jsonschema  # whoever reads no results does without it

    faults = _validator()(schema(name)).iter_errors(content)
    fault = jsonschema.exceptions.best_match(islice(faults, _MOST_FAULTS))
    if fault is None:
        return None
    place = ".".join(str(part) for part in fault.absolute_path) or "the top level"
    return f"at {one_line(place, _LONGEST_PLACE)}, {one_line(fault.message, _LONGEST_FAULT)}"


@cache
def _validator() -> Any:
    """JSON Schema, but that 1.0 is no integer: it would be written otherwise in a file's name."""
    import jsonschema

    validator = jsonschema.Draft202012Validator
    types = validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    return jsonschema.validators.extend(validator, type_checker=types)


def read_json(path: Path, name: SchemaName) -> dict[str, Any]:
    """Read a file of at most a megabyte and check it against a schema.

    Raises:
        ResultsError: the file is missing, cannot be read as JSON, or is not in challenge format.
        OSError: it must not be read.
    """
    content = _read(path, LARGEST_RESULTS)
    validate(content, name, str(path))
    checked: dict[str, Any] = content
    return checked


def read_object(path: Path) -> dict[str, Any]:
    """Read a file that holds a JSON object, whatever that holds.

    Raises:
        ResultsError: the file is missing, cannot be read as JSON, or is no object.
        OSError: it must not be read.
    """
    content = _read(path, LARGEST_TEXT)
    if not isinstance(content, dict):
        raise ResultsError(f"{path} is no JSON object; write it again.")
    return content


def _read(path: Path, largest: int) -> Any:
    try:
        return read_json_file(path, largest, _DEEPEST)
    except FileNotFoundError as error:
        raise ResultsError(f"There is no results file at {path}; check the path.") from error
    except FormatFault as fault:
        raise ResultsError(f"{path} {fault}; write it again.") from fault


def write_json(path: Path, content: Any, name: SchemaName | None = None) -> None:
    """Write JSON, whole or not at all, checked against a schema where one is named.

    Raises:
        ResultsError: the content is not in the format, or holds NaN or infinity, or is more than
            could be read again.
        OSError: the folder cannot be written, or the disk is full.
    """
    write_files([(path, content, name)])


def write_files(files: Sequence[tuple[Path, Any, SchemaName | None]]) -> None:
    """Write several files of JSON as :func:`write_json` does, none before all are checked.

    Raises:
        As :func:`write_json`.
    """
    for path, text in [(path, _encoded(path, *content)) for path, *content in files]:
        with atomic_write(path) as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")


def _encoded(path: Path, content: Any, name: SchemaName | None) -> str:
    try:
        text = json.dumps(content, indent=4, allow_nan=False)
    except ValueError as error:
        raise ResultsError(
            f"{path} was not written: a value is NaN or infinite, which the format refuses."
        ) from error
    _check_readable(path, text, LARGEST_TEXT if name is None else LARGEST_RESULTS)
    if name is not None:
        validate(content, name, str(path))
    return text


def _check_readable(path: Path, text: str, largest: int) -> None:
    """Make sure that :func:`_read` would read what is to be written.

    Raises:
        ResultsError: it would not.
    """
    try:
        if len(text) > largest:
            raise FormatFault(f"has more than {largest:,} characters")
        parse_json(text, _DEEPEST)
    except FormatFault as fault:
        raise ResultsError(
            f"{path} was not written, for it {fault}; give fewer checkpoints at once, or such as"
            " tell less of how they were trained."
        ) from fault
