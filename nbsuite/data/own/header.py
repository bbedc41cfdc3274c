"""The head of a file of one's own recording: a line that says what it is, and one of JSON.

Both stand before the HDF5 file's own bytes, in its user block, so that ``head -n 2`` shows what is
in the file, and that it is known from its first bytes whatever its name is.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from nbsuite.data.own.content import Origin
from nbsuite.data.own.limits import MOST_OUTPUTS
from nbsuite.data.task import Output, Task
from nbsuite.errors import UsageError
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.fields import decode
from nbsuite.untrusted.files import open_regular
from nbsuite.untrusted.json_text import parse_json

MARK = b"nbsuite recording "
VERSION = 1

_SMALLEST_BLOCK, LARGEST_BLOCK = 512, 1 << 16
"""Bytes of the user block, a power of two as HDF5 asks."""
_LONGEST_TEXT = 500


@dataclass(frozen=True)
class Header:
    """What a file says of its arrays.

    Attributes:
        task: name of its task.
        version: version of its task.
        step: seconds from one step to the next.
        outputs: name and unit of each output.
        channels: number of channels C.
        ends: where the training, validation and test set end.
        origin: what it was made of.
    """

    task: str
    version: int
    step: float
    outputs: tuple[tuple[str, str], ...]
    channels: int
    ends: tuple[int, int, int]
    origin: Origin

    @classmethod
    def of(cls, task: Task, channels: int, ends: tuple[int, int, int], origin: Origin) -> Header:
        """The head of a recording's file."""
        outputs = tuple((output.name, output.unit) for output in task.outputs)
        return cls(task.name, task.version, task.step, outputs, channels, ends, origin)

    def to_task(self) -> Task:
        """The task.

        Raises:
            FormatFault: there cannot be such a task.
        """
        outputs = tuple(Output(name, unit) for name, unit in self.outputs)
        try:
            return Task(self.task, self.version, self.step, outputs)
        except UsageError as error:
            raise FormatFault(f"has an impossible task ({error})") from error


def encode_header(header: Header) -> bytes:
    """The user block: the head and zeros up to a power of two.

    Raises:
        FormatFault: names and units are too long.
    """
    lines = MARK + b"%d\n" % VERSION + json.dumps(asdict(header)).encode() + b"\n"
    if len(lines) > LARGEST_BLOCK or _too_long(header):
        raise FormatFault(
            f"has a name or unit of more than {_LONGEST_TEXT} characters, or of unprintable ones:"
            " change it"
        )
    size = max(_SMALLEST_BLOCK, 1 << (len(lines) - 1).bit_length())
    return lines.ljust(size, b"\0")


def is_own(path: Path) -> bool:
    """Whether a file begins as those of one's own recordings do, of whatever version.

    What cannot be opened, or is no regular file, does not.
    """
    try:
        with open_regular(path, sys.maxsize) as stream:
            return stream.read(len(MARK)) == MARK
    except (OSError, ValueError):  # a path with a null byte among them
        return False


def read_header(path: Path, largest: int) -> Header:
    """The head of a file.

    Raises:
        FormatFault: it has none, a damaged one, or one of another version; or the file is larger
            than ``largest`` bytes.
        OSError: it cannot be read.
    """
    with open_regular(path, largest) as stream:
        block = stream.read(LARGEST_BLOCK)
    first, _, rest = block.partition(b"\n")
    if not first.startswith(MARK):
        raise FormatFault("does not begin as the file of a recording of one's own")
    if first != MARK + b"%d" % VERSION:
        raise FormatFault(
            f"is of another version of the format than {VERSION}, which a newer nbsuite may read"
        )
    line, end, _ = rest.partition(b"\n")
    if not end:
        raise FormatFault("has no end of its head")
    try:
        header = decode(Header, parse_json(line.decode("utf-8")))
    except UnicodeDecodeError as error:
        raise FormatFault("has a head that is not UTF-8") from error
    if len(header.outputs) > MOST_OUTPUTS or _too_long(header):
        raise FormatFault("has a head of too many or too long words")
    return header


def _too_long(header: Header) -> bool:
    origin = header.origin
    words = [word for pair in header.outputs for word in pair]
    words += [header.task, origin.split_by, origin.made, origin.file or "", origin.sha256 or ""]
    return any(len(word) > _LONGEST_TEXT or not word.isprintable() for word in words)
