r"""JSON for programs that shows no harm to a terminal on its way.

JSON may write any character as ``\uXXXX``. What is not printable is written so: it means the same
to programs, and neither moves a cursor nor turns the direction of writing.
"""

from __future__ import annotations

import json
import re
from typing import Any

_SUSPICIOUS = re.compile(r"[^\n\x20-\x7e]")


def format_json(content: Any, *, ascii_only: bool = False) -> str:
    r"""Content as indented JSON.

    Args:
        content: JSON values.
        ascii_only: write every character beyond ASCII as ``\uXXXX``.

    Raises:
        ValueError: it holds NaN or infinity, which JSON cannot express.
    """
    text = json.dumps(content, indent=2, allow_nan=False, ensure_ascii=ascii_only)
    return _SUSPICIOUS.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    return character if character.isprintable() else json.dumps(character)[1:-1]
