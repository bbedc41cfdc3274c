"""TOML files of ours: read, and their keys and types checked, one sentence a fault."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nbsuite.errors import UsageError
from nbsuite.suggestions import did_you_mean
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.text import one_line
from nbsuite.untrusted.toml_text import read_toml_file

LONGEST_TEXT = 1000
LARGEST_WHOLE = 2**63 - 1
_LONGEST_QUOTE = 100


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file.

    Raises:
        UsageError: it is missing, must not be read, or is no TOML.
    """
    try:
        return read_toml_file(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UsageError(f"There is no file {path}: check the path.") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}): check the path.") from error
    except FormatFault as error:
        raise UsageError(f"{path} {error}: correct it.") from error


def quoted(value: object) -> str:
    """A value as messages show it: one line, and not a long one."""
    try:
        return one_line(repr(value), _LONGEST_QUOTE)
    except ValueError:  # a number of more digits than Python writes
        return "an oversized number"


class Entries:
    """The entries of a TOML table, taken one by one; what nobody takes is unknown.

    Args:
        values: the table.
        origin: what messages call it: the file, and the table within it.
    """

    def __init__(self, values: Mapping[str, Any], origin: str) -> None:
        self.values = values
        self.origin = origin

    def check_keys(self, known: Iterable[str]) -> None:
        """Make sure that every key is known.

        Raises:
            UsageError: one is not.
        """
        known = list(known)
        for key in self.values:
            if key not in known:
                hint = did_you_mean(key, known)
                raise UsageError(f"{self.origin} has the unknown key '{key}'; {hint}")

    def text(self, key: str, default: str) -> str:
        """A text that is not empty, without control characters.

        Raises:
            UsageError: it is none.
        """
        value = self.values.get(key, default)
        if not _is_text(value):
            raise self.refusal(key, f"a text of 1 to {LONGEST_TEXT} printable characters")
        return str(value)

    def whole(self, key: str, default: int, least: int, most: int = LARGEST_WHOLE) -> int:
        """A whole number between two bounds.

        Raises:
            UsageError: it is none.
        """
        value = self.values.get(key, default)
        if type(value) is not int or not least <= value <= most:
            above = "" if most == LARGEST_WHOLE else f" and at most {most:,}"
            raise self.refusal(key, f"a whole number, at least {least}{above}")
        return value

    def number(self, key: str) -> int | float:
        """A number that has to be given, finite and of 64 bits where it is whole.

        Raises:
            UsageError: it is missing or none.
        """
        number: Any = self.values.get(key)
        if not is_number(number):
            raise self.refusal(key, "a number")
        return number  # type: ignore[no-any-return]

    def flag(self, key: str) -> bool:
        """Yes or no, by default false.

        Raises:
            UsageError: it is neither.
        """
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.refusal(key, "true or false")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, each named once.

        Raises:
            UsageError: it is empty or something else.
        """
        value = self.values.get(key)
        if not isinstance(value, list) or not value or not all(map(_is_text, value)):
            raise self.refusal(key, "a list of texts")
        return tuple(dict.fromkeys(value))

    def table(self, key: str) -> Entries:
        """A table within this one; an empty one where it is not given.

        Raises:
            UsageError: it is no table.
        """
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            raise self.refusal(key, "a table")
        return Entries(value, f"{self.origin}, [{key}],")

    def refusal(self, key: str, due: str) -> UsageError:
        """The error of an entry that is missing or not what it must be."""
        if key not in self.values:
            return UsageError(f"{self.origin} does not give {key}: it must be {due}.")
        return UsageError(
            f"{self.origin} gives {key} = {quoted(self.values[key])}; it must be {due}."
        )


def is_number(value: Any) -> bool:
    """Whether a value is a finite number, of 64 bits where it is whole; ``True`` is none."""
    if isinstance(value, float):
        return math.isfinite(value)
    return type(value) is int and abs(value) <= LARGEST_WHOLE


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_TEXT and value.isprintable()
