"""JSON and text from strangers."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from nbsuite.errors import PackageError
from nbsuite.submissions.schema import SchemaName, fault_of

Number = TypeVar("Number", int, float)

_DEEPEST = 16
_LONGEST_NUMBER = 32
_LARGEST_NUMBER = 2.0**63
_LONGEST_EXPLANATION = 200


def parse_json(text: str, origin: str) -> Any:
    """Parse JSON; numbers that are not finite or too long, repeated keys and deep nesting fail.

    Args:
        text: the JSON.
        origin: where it is from, for messages.

    Raises:
        PackageError: names the fault.
    """
    try:
        content = json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_float=_parse_float,
            parse_int=_parse_int,
            object_pairs_hook=_unique,
        )
    except RecursionError as error:
        raise PackageError(_too_deep(origin)) from error
    except ValueError as error:
        raise PackageError(f"{origin} is not valid JSON ({one_line(str(error))}).") from error
    if _depth_exceeds(content, _DEEPEST):
        raise PackageError(_too_deep(origin))
    return content


def read_json(path: Path, name: SchemaName, origin: str) -> dict[str, Any]:
    """Read a JSON file and check it against a schema.

    Raises:
        PackageError: the file is no JSON, or does not follow the schema.
    """
    content = parse_json(read_text(path, origin), origin)
    if (fault := fault_of(content, name)) is not None:
        raise PackageError(f"{origin} is not in the format due: {one_line(fault)}.")
    checked: dict[str, Any] = content
    return checked


def read_text(path: Path, origin: str) -> str:
    """Read a text file.

    Raises:
        PackageError: it is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise PackageError(f"{origin} is not UTF-8 text.") from error


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"the number {constant} is not finite")


def _parse_float(text: str) -> float:
    _check_length(text)
    return _checked(float(text), text)


def _parse_int(text: str) -> int:
    _check_length(text)
    return _checked(int(text), text)


def _check_length(text: str) -> None:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError(f"a number is oversized: it has {len(text):,} characters")


def _checked(value: Number, text: str) -> Number:
    if not math.isfinite(value):
        raise ValueError(f"the number {text} is not finite")
    if abs(value) > _LARGEST_NUMBER:
        raise ValueError(f"the number {text} is oversized")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _depth_exceeds(content: Any, limit: int) -> bool:
    level = [content]
    for _ in range(limit):
        level = [
            child
            for parent in level
            if isinstance(parent, (dict, list))
            for child in (parent.values() if isinstance(parent, dict) else parent)
        ]
        if not level:
            return False
    return any(isinstance(each, (dict, list)) for each in level)


def _too_deep(origin: str) -> str:
    return f"{origin} is nested more than {_DEEPEST} levels deep."


def one_line(text: str, longest: int = _LONGEST_EXPLANATION) -> str:
    """Text cut short and without control characters: for messages that quote strangers."""
    line = "".join(character if character.isprintable() else "?" for character in text)
    return line if len(line) <= longest else f"{line[:longest]}..."
