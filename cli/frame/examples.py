"""The EXAMPLES block that ends a command's help page."""

from __future__ import annotations

_KEEP_LINES = "\b"  # Click's mark of a paragraph that must not be wrapped


def examples(*lines: str) -> str:
    """The block, for a command's ``epilog``: one line of a shell each."""
    return "\n".join([_KEEP_LINES, "Examples:", *(f"  {line}" for line in lines)])
