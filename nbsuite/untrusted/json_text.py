"""JSON from strangers: bounded in size, depth and numbers; finite; no key twice."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NoReturn

from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.files import LARGEST_TEXT, read_bounded_text
from nbsuite.untrusted.text import one_line

DEEPEST = 16
_LONGEST_NUMBER = 32
_LARGEST_WHOLE_NUMBER = 2**63
_LONGEST_EXPLANATION = 120


def read_json_file(path: Path, largest: int = LARGEST_TEXT, deepest: int = DEEPEST) -> Any:
    """The content of a JSON file.

    Args:
        path: the file.
        largest: bytes that it may have.
        deepest: levels of lists and objects that it may have.

    Raises:
        FormatFault: it is no regular file, too large, or not JSON as :func:`parse_json` reads it.
        OSError: it is missing or must not be read.
    """
    return parse_json(read_bounded_text(path, largest), deepest)


def parse_json(text: str, deepest: int = DEEPEST) -> Any:
    """Parse JSON.

    Args:
        text: the JSON.
        deepest: levels of lists and objects that it may have.

    Raises:
        FormatFault: it is no JSON, is nested more deeply, repeats a key within an object, or holds
            a number that is not finite, has more than 32 characters, or is a whole one beyond 64
            bits.
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
        raise FormatFault(_too_deep(deepest)) from error
    except ValueError as error:
        explanation = one_line(str(error), _LONGEST_EXPLANATION)
        raise FormatFault(f"is not valid JSON ({explanation})") from error
    if _depth_exceeds(content, deepest):
        raise FormatFault(_too_deep(deepest))
    return content


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"the number {constant} is not finite")


def _parse_float(text: str) -> float:
    _check_length(text)
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"the number {text} is not finite")
    return value


def _parse_int(text: str) -> int:
    _check_length(text)
    value = int(text)
    if abs(value) > _LARGEST_WHOLE_NUMBER:
        raise ValueError(f"the number {text} is oversized")
    return value


def _check_length(text: str) -> None:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError(f"a number is oversized: it has {len(text):,} characters")


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


def _too_deep(deepest: int) -> str:
    return f"is nested more than {deepest} levels deep"
