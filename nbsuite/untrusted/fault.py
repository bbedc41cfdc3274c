"""What a reader of strangers' files raises."""

from __future__ import annotations

from nbsuite.untrusted.text import one_line


class FormatFault(ValueError):  # noqa: N818
    """Content that is not what it must be.

    The message is the rest of a sentence that begins with the name of the file, without full stop:
    ``is not UTF-8 text``. Whoever knows the file and the remedy makes an error of it.
    """

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))
