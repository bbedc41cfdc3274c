"""TOML from strangers: bounded before it is parsed, for a parser may take memory by the square.

A dotted key of n parts is kept with each of its beginnings; 200,000 parts would take 21 GB.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.files import read_bounded_text
from nbsuite.untrusted.text import one_line

LARGEST_TOML = 256 << 10
_MOST_DOTS = 500
_LONGEST_EXPLANATION = 120
_TOML = "tomllib" if sys.version_info >= (3, 11) else "tomli"


def read_toml_file(path: Path, largest: int = LARGEST_TOML) -> dict[str, Any]:
    """The content of a TOML file.

    Raises:
        FormatFault: it is no regular file, too large, or not TOML as :func:`parse_toml` reads it.
        OSError: it is missing or must not be read.
    """
    return parse_toml(read_bounded_text(path, largest))


def parse_toml(text: str) -> dict[str, Any]:
    """Parse TOML.

    Raises:
        FormatFault: it is no TOML, has more than 256 KiB or a line with more than 500 dots, or is
            nested more deeply than Python can follow.
    """
    if len(text) > LARGEST_TOML:
        raise FormatFault(f"is larger than {LARGEST_TOML:,} characters")
    # A dotted key cannot go over the end of a line.
    if any(line.count(".") > _MOST_DOTS for line in text.split("\n")):
        raise FormatFault(f"has a line with more than {_MOST_DOTS} dots")
    toml = importlib.import_module(_TOML)
    try:
        content: dict[str, Any] = toml.loads(text)
    except RecursionError as error:
        raise FormatFault("is nested too deeply") from error
    except ValueError as error:  # of TOMLDecodeError's kind, or an impossible number or date
        explanation = one_line(str(error), _LONGEST_EXPLANATION)
        raise FormatFault(f"is not valid TOML ({explanation})") from error
    return content
