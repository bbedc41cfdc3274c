"""Hyperparameters as fields of frozen dataclasses: declared with a range, checked, read from JSON.

A *section* is a frozen dataclass whose fields are made by :func:`setting`; a recipe is a frozen
dataclass whose fields are sections. A hyperparameter's *key* is ``section.field``, and every
message names it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, get_origin, get_type_hints

from nbsuite.errors import UsageError
from nbsuite.untrusted.text import one_line

Section = TypeVar("Section")
_LARGEST_SHOWN = 10**400
_TYPE_NAMES = {
    int: "a whole number",
    float: "a number",
    str: "a word",
    bool: "true or false",
    tuple: "times in seconds, of membrane and synapse, as 0.02/0.01",
}


@dataclass(frozen=True)
class Allowed:
    """The values that a hyperparameter may take.

    Attributes:
        text: what a value must be, as a message puts it.
        holds: whether a value is one of them; false of everything that is not a number.
    """

    text: str
    holds: Callable[[Any], bool]


_LARGEST = 1e38  # whose square a double holds, and which single precision holds too


def count_to(most: int) -> Allowed:
    """Whole numbers from 1 up to ``most``."""
    return Allowed(f"at least 1 and at most {most:,}", lambda value: 1 <= value <= most)


COUNT = count_to(1_000_000_000)
POSITIVE = Allowed(f"above 0 and at most {_LARGEST:g}", lambda value: 0 < value <= _LARGEST)
NOT_NEGATIVE = Allowed(f"at least 0 and at most {_LARGEST:g}", lambda value: 0 <= value <= _LARGEST)
STEP = Allowed("at least 0.001 and below 1", lambda value: 0.001 <= value < 1)
RATE = Allowed("at least 0 and below 1", lambda value: 0 <= value < 1)
SHARE = Allowed("above 0 and below 1", lambda value: 0 < value < 1)


def one_of(names: tuple[str, ...]) -> Allowed:
    """One of the given words."""
    return Allowed(f"one of {', '.join(names)}", lambda value: value in names)


def setting(default: Any, allowed: Allowed) -> Any:
    """A hyperparameter: a dataclass field with a default and the values it may take."""
    return field(default=default, metadata={"allowed": allowed})


def refusal(key: str, value: object, due: str) -> UsageError:
    """The error of a hyperparameter with a value that it cannot have."""
    return UsageError(f"The recipe's {key} is {_shown(value)}; it must be {due}.")


def _shown(value: object) -> str:
    """A value for a message, which Python does not show of whole numbers of any size."""
    if isinstance(value, int) and abs(value) > _LARGEST_SHOWN:
        return "a whole number of too many digits"
    return one_line(repr(value))


def check_section(section: Any, name: str) -> None:
    """Check every hyperparameter of a section against its type and the values it may take.

    Raises:
        UsageError: one is outside.
    """
    for each in fields(section):
        value, allowed = getattr(section, each.name), each.metadata["allowed"]
        kind = type(each.default)
        if type(value) is not kind and (kind, type(value)) != (float, int):
            raise refusal(f"{name}.{each.name}", value, _TYPE_NAMES[kind])
        if not allowed.holds(value):
            raise refusal(f"{name}.{each.name}", value, allowed.text)


def parse_value(kind: Any, key: str, text: str) -> Any:
    """A hyperparameter from what was typed.

    Args:
        kind: the type due: that of a number or word, ``bool``, or ``tuple[float, float]``, which
            is written ``0.02/0.01``, or a tuple of such pairs, which commas divide.
        key: its key.
        text: what was typed.

    Raises:
        UsageError: it is not of the type due.
    """
    try:
        if not text.isascii():  # Python reads the digits of many scripts
            raise ValueError(text)
        return _PARSERS[kind](text.strip())
    except ValueError as error:
        raise refusal(key, text, _TYPE_NAMES[get_origin(kind) or kind]) from error


def _flag(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


def _pair(text: str) -> tuple[float, float]:
    first, second = text.split("/")
    return float(first), float(second)


def _pairs(text: str) -> tuple[tuple[float, float], ...]:
    return tuple(_pair(part) for part in text.split(","))


_PARSERS: Mapping[Any, Callable[[str], Any]] = {
    int: int,
    float: float,
    str: str,
    bool: _flag,
    tuple[float, float]: _pair,
    tuple[tuple[float, float], ...]: _pairs,
}


def read_section(cls: type[Section], name: str, values: object) -> Section:
    """A section from JSON values; hyperparameters that are not given keep their defaults.

    Raises:
        UsageError: the section is no object, or a key is unknown or its value of another type.
    """
    kinds = get_type_hints(cls)
    read = {
        key: _read_value(kinds[key], f"{name}.{key}", value)
        for key, value in known_items(values, kinds, name).items()
    }
    return cls(**read)


def known_items(values: object, known: Mapping[str, object], name: str) -> dict[str, Any]:
    """The items of a JSON object all of whose keys are known.

    Raises:
        UsageError: it is no object, or a key is unknown.
    """
    if not isinstance(values, Mapping):
        raise refusal(name, values, "an object")
    for key in values:
        if key not in known:
            raise UsageError(
                f"The recipe's {name} has the unknown key '{key}'; known are {', '.join(known)}."
            )
    return dict(values)


def _read_value(kind: type, key: str, value: object) -> Any:
    if kind is float and type(value) is int and abs(value) < sys.float_info.max:
        return float(value)
    if type(value) is not kind:
        raise refusal(key, value, _TYPE_NAMES[kind])
    return value
