"""Reading, checking and writing JSON by the schemas in ``schemas/``."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal, NoReturn

import jsonschema

from nbsuite.errors import ResultsError
from nbsuite.files import atomic_write

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
    validator = jsonschema.Draft202012Validator(schema(name))
    fault = jsonschema.exceptions.best_match(validator.iter_errors(content))
    if fault is None:
        return None
    place = ".".join(str(part) for part in fault.absolute_path) or "the top level"
    return f"at {place}, {fault.message}"


def read_json(path: Path, name: SchemaName) -> dict[str, Any]:
    """Read a file and check it against a schema; NaN and infinity are refused.

    Raises:
        ResultsError: the file is missing, no JSON, or not in challenge format.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    except FileNotFoundError as error:
        raise ResultsError(f"There is no results file at {path}; check the path.") from error
    except (ValueError, RecursionError) as error:
        raise ResultsError(f"{path} is not valid JSON ({error}); write it again.") from error
    validate(content, name, str(path))
    checked: dict[str, Any] = content
    return checked


def write_json(path: Path, content: Any, name: SchemaName | None = None) -> None:
    """Write JSON, whole or not at all, checked against a schema where one is named.

    Raises:
        ResultsError: the content is not in the format, or holds NaN or infinity.
        OSError: the folder cannot be written, or the disk is full.
    """
    try:
        text = json.dumps(content, indent=4, allow_nan=False)
    except ValueError as error:
        raise ResultsError(
            f"{path} was not written: a value is NaN or infinite, which the format refuses."
        ) from error
    if name is not None:
        validate(content, name, str(path))
    with atomic_write(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not allowed")
