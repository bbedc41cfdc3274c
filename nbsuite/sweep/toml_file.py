"""TOML files of ours: read, and their keys and types checked, one sentence a fault."""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nbsuite.errors import UsageError

_TOML = "tomllib" if sys.version_info >= (3, 11) else "tomli"


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file.

    Raises:
        UsageError: it is missing or no TOML.
    """
    if not path.is_file():
        raise UsageError(f"There is no file {path}: check the path.")
    toml = importlib.import_module(_TOML)
    try:
        content: dict[str, Any] = toml.loads(path.read_text(encoding="utf-8"))
    except (toml.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path} is not valid TOML ({error}): correct it.") from error
    return content


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
                close = difflib.get_close_matches(key, known, n=1)
                hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}."
                raise UsageError(f"{self.origin} has the unknown key '{key}'; {hint}")

    def text(self, key: str, default: str) -> str:
        """A text that is not empty.

        Raises:
            UsageError: it is none.
        """
        value = self.values.get(key, default)
        if not isinstance(value, str) or not value:
            raise self.refusal(key, "a text that is not empty")
        return value

    def whole(self, key: str, default: int, least: int) -> int:
        """A whole number that is not too small.

        Raises:
            UsageError: it is none.
        """
        value = self.values.get(key, default)
        if type(value) is not int or value < least:
            raise self.refusal(key, f"a whole number, at least {least}")
        return value

    def number(self, key: str) -> int | float:
        """A number that has to be given.

        Raises:
            UsageError: it is missing or none.
        """
        value = self.values.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refusal(key, "a number")
        return value

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
        if (
            not isinstance(value, list)
            or not value
            or not all(isinstance(each, str) and each for each in value)
        ):
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
        return UsageError(f"{self.origin} gives {key} = {self.values[key]!r}; it must be {due}.")
