"""submission.toml: who submits what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbsuite.errors import PackageError
from nbsuite.files import atomic_write
from nbsuite.suggestions import did_you_mean
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.names import fault_of_name
from nbsuite.untrusted.toml_text import read_toml_file

TRACKS = ("r2", "trade-off")
"""The challenge's two tracks: the best R2, and the best trade-off between R2 and complexity."""

_LONGEST = 10_000
_MOST_AUTHORS = 100

TEMPLATE = """\
# Who submits what: fill in every value, then run `nbsuite submission pack`.

# The name under which the team is to be listed.
team = ""

# All authors, in the order in which they are to be named.
authors = [""]

# An e-mail address that the organisers may write to.
contact = ""

# "r2" for the best R2, "trade-off" for the best trade-off between R2 and complexity.
track = "trade-off"

# The decoder, as its results files name it: tinyRSNN or bigRSNN.
model = "tinyRSNN"

# The licence of the weights, as an SPDX identifier such as MIT or CC-BY-4.0.
licence = ""

# What it is and how it was trained, in a few sentences.
description = \"\"\"
\"\"\"
"""


@dataclass(frozen=True)
class Submission:
    """The content of submission.toml.

    Attributes:
        team: the team's name.
        authors: its authors.
        contact: an e-mail address.
        track: one of ``TRACKS``.
        model: the decoder's name, as in the results' file names.
        licence: licence of the weights.
        description: a few sentences.
    """

    team: str
    authors: tuple[str, ...]
    contact: str
    track: str
    model: str
    licence: str
    description: str


_FIELDS = tuple(Submission.__dataclass_fields__)


def write_template(path: Path, *, force: bool = False) -> None:
    """Write a submission.toml to be filled in.

    Raises:
        PackageError: the file exists, and ``force`` is False.
        OSError: the folder cannot be written, or the disk is full.
    """
    if path.exists() and not force:
        raise PackageError(
            f"{path} exists already and is kept; replace it with --force or choose another with -o."
        )
    with atomic_write(path) as temporary:
        temporary.write_text(TEMPLATE, encoding="utf-8")


def read_submission(path: Path, origin: str | None = None) -> Submission:
    """Read a submission.toml.

    Args:
        path: the file.
        origin: what messages call it; by default its path.

    Raises:
        PackageError: the file is missing or no TOML, or a value is missing, unknown or unfit.
    """
    origin = origin or str(path)
    if not path.is_file():
        raise PackageError(
            f"There is no {origin}; write one with `nbsuite submission new` and fill it in."
        )
    try:
        values = read_toml_file(path)
    except FormatFault as fault:
        raise PackageError(f"{origin} {fault}; correct it.") from fault
    for name in values:
        _check_known(name, origin)
    return Submission(
        team=_line(values, "team", origin),
        authors=_authors(values, origin),
        contact=_line(values, "contact", origin),
        track=_track(values, origin),
        model=_model(values, origin),
        licence=_line(values, "licence", origin),
        description=_text(values, "description", origin),
    )


def _check_known(name: str, origin: str) -> None:
    if name not in _FIELDS:
        hint = did_you_mean(name, _FIELDS)
        raise PackageError(f"{origin} has the unknown value {name[:100]!a}; {hint}")


def _text(values: dict[str, Any], name: str, origin: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value.strip():
        raise PackageError(f"{origin} does not give '{name}'; fill in a text.")
    return _checked_text(value.strip(), name, origin)


def _line(values: dict[str, Any], name: str, origin: str) -> str:
    """A text on one line, whatever it was written on: more could pass for more than a name."""
    return " ".join(_text(values, name, origin).split())


def _model(values: dict[str, Any], origin: str) -> str:
    model = _line(values, "model", origin)
    if (fault := fault_of_name(model)) is not None:
        raise PackageError(f"{origin} has an impossible 'model': {fault}; correct it.")
    return model


def _authors(values: dict[str, Any], origin: str) -> tuple[str, ...]:
    authors = values.get("authors")
    if (
        not isinstance(authors, list)
        or not 1 <= len(authors) <= _MOST_AUTHORS
        or not all(isinstance(author, str) and author.strip() for author in authors)
    ):
        raise PackageError(
            f"{origin} does not give 'authors'; fill in a list of 1 to {_MOST_AUTHORS} names."
        )
    texts = (_checked_text(author.strip(), "authors", origin) for author in authors)
    return tuple(" ".join(text.split()) for text in texts)


def _track(values: dict[str, Any], origin: str) -> str:
    track = _text(values, "track", origin)
    if track not in TRACKS:
        raise PackageError(
            f"{origin} has the track {track[:100]!a}; choose one of {', '.join(TRACKS)}."
        )
    return track


def _checked_text(value: str, name: str, origin: str) -> str:
    """Text without control characters, which could play tricks on a terminal."""
    printable = all(character.isprintable() or character in "\n\t" for character in value)
    if not printable or len(value) > _LONGEST:
        raise PackageError(
            f"{origin} has control characters in '{name}', or more than {_LONGEST:,} characters; "
            "shorten it to plain text."
        )
    return value
