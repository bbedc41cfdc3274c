"""The one rule for names that become part of a path, a title or a line on a terminal."""

from __future__ import annotations

import re
from pathlib import Path, PurePath

from nbsuite.untrusted.fault import FormatFault

LONGEST_NAME = 100
RULE = "letters, digits and . _ - + or spaces within, a letter or digit first"

_LONGEST_FILE_NAME = 255
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._+ -]*[A-Za-z0-9_+-])?")


def fault_of_name(name: object) -> str | None:
    """What is wrong with a name, as the end of a sentence; None where nothing is.

    A name is 1 to 100 of the ASCII letters, digits and ``. _ - +`` and spaces within; it begins
    with a letter, a digit or ``_`` and does not end with a dot or a space. So it is one part of a
    path on every system, and shows as what it is.

    >>> fault_of_name("tinyRSNN")
    >>> fault_of_name("x/../../victim")
    "'x/../../victim' is no name: it must be of letters, digits and . _ - + or spaces within, a \
letter or digit first"
    """
    if not isinstance(name, str):
        return f"{str(name)[:LONGEST_NAME]!a} is no name: it must be a text"
    if len(name) > LONGEST_NAME:
        return f"{name[:20]!a}... is no name: it has more than {LONGEST_NAME} characters"
    if _NAME.fullmatch(name) is None:
        return f"{name!a} is no name: it must be of {RULE}"
    return None


def is_file_name(name: str) -> bool:
    """Whether a name is one part of a path here and shows as what it is: any that users give files.

    >>> is_file_name("indy_Übung (2).mat"), is_file_name("../indy.mat")
    (True, False)
    """
    is_one_part = name not in ("", "..") and PurePath(name).name == name
    return is_one_part and len(name) <= _LONGEST_FILE_NAME and name.isprintable()


def inside(folder: Path, name: str) -> Path:
    """The path of ``name`` in a folder, where it is in the folder indeed.

    Links are followed: what counts is where would be read or written.

    Raises:
        FormatFault: the path leads out of the folder, or cannot be one.
    """
    try:
        path = folder / name
        if path.resolve().is_relative_to(folder.resolve()):
            return path
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a null byte
        raise FormatFault(f"has the impossible path {name[:LONGEST_NAME]!a}") from error
    raise FormatFault(f"has the path {name[:LONGEST_NAME]!a}, which leads out of its folder")
