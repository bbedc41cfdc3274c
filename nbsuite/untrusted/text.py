"""A stranger's text, made safe to be shown.

A terminal obeys escape sequences, and marks of writing direction let a text read otherwise than it
is. Unicode counts both, with the surrogates that stand for undecodable bytes, as not printable.
"""

from __future__ import annotations

_CUT = " ... "


def printable(text: str) -> str:
    r"""The text with ``?`` in the place of every character that is not printable.

    >>> printable("red\x1b[31m")
    'red?[31m'
    """
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "?" for character in text)


def one_line(text: str, longest: int = 200) -> str:
    r"""Text as one line that is not too long; what is too much is left out of its middle.

    Args:
        text: any text.
        longest: characters that the line may have, at least 10.

    >>> one_line("a\nb")
    'a b'
    >>> one_line("1234567890ABCDE", 10)
    '123 ... DE'
    """
    if len(text) > 8 * longest:  # the middle is left out anyway: spare looking through it
        text = f"{text[: 4 * longest]}{text[-4 * longest :]}"
    line = printable(" ".join(text.replace("\t", " ").splitlines()))
    return line if len(line) <= longest else _cut(line, longest)


def _cut(line: str, longest: int) -> str:
    kept = longest - len(_CUT)
    return f"{line[: kept - kept // 2]}{_CUT}{line[len(line) - kept // 2 :]}"
