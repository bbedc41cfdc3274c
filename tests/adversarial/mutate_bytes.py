"""Mutations that know nothing of the format: bits, lengths, and what is no plain file at all."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

from tests.adversarial.mutant import Mutant, Mutator

_NUMBERS = (b"\x00" * 4, b"\xff" * 4, b"\xff\xff\xff\x7f", b"\x00\x00\x00\x80", b"\xff" * 8)
_FOREIGN = (
    b"",
    b"\x00",
    b"PK\x05\x06" + b"\x00" * 18,
    b"\x80\x04N.",
    b"\x89HDF\r\n\x1a\n",
    b"MATLAB 5.0 MAT-file" + b" " * 109,
    b"\x93NUMPY\x01\x00",
    b"<html>log in</html>",
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
)


def mutate_bytes(content: bytes, rng: Random) -> Mutant:
    """Change bytes anywhere, as a bad disk or a fuzzer does."""
    name = rng.choice(("flip", "cut", "insert", "remove", "repeat", "overwrite", "number", "swap"))
    data, at = bytearray(content), rng.randrange(len(content))
    length = min(1 + int(rng.expovariate(1 / 20)), len(content) - at)
    if name == "flip":
        for _ in range(rng.choice((1, 1, 2, 8, 50))):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif name == "cut":
        del data[rng.choice((at, at, 8, 1, len(data) - 1)) :]
    elif name == "insert":
        data[at:at] = rng.randbytes(length)
    elif name == "remove":
        del data[at : at + length]
    elif name == "repeat":
        data[at:at] = data[at : at + length] * rng.choice((1, 2, 100))
    elif name == "overwrite":
        data[at : at + length] = rng.choice((b"\x00", b"\xff", b"A")) * length
    elif name == "number":
        number = rng.choice(_NUMBERS)
        data[at : at + len(number)] = number
    else:
        half = len(data) // 2
        data[:] = data[half:] + data[:half]
    return Mutant(f"bytes: {name}", bytes(data))


def replace_whole(content: bytes, rng: Random) -> Mutant:
    """Put something of another kind in the file's place."""
    if rng.random() < 0.5:
        return Mutant("whole: foreign content", rng.choice(_FOREIGN), wrong=True)
    name = rng.choice(tuple(_PLACES))
    return Mutant(f"whole: {name}", _PLACES[name], wrong=name not in _NO_FILE)


def _sparse(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(5 << 30)


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


_NO_FILE = ("link to nothing", "link to itself")
"""As good as no file at all, which need not be wrong."""

_PLACES = {
    "folder": lambda path: path.mkdir(),
    "pipe": os.mkfifo,
    "endless device": lambda path: path.symlink_to("/dev/zero"),
    "empty device": lambda path: path.symlink_to("/dev/null"),
    "link to nothing": lambda path: path.symlink_to("nothing"),
    "link to itself": _loop,
    "sparse 5 GB": _sparse,
}


ANY_FILE: tuple[tuple[int, Mutator], ...] = ((20, mutate_bytes), (4, replace_whole))
"""What may become of a file of any format, with weights."""


def with_bytes(*own: tuple[int, Mutator]) -> tuple[tuple[int, Mutator], ...]:
    """Mutators that know the format, with weights that make about 76, and those that do not."""
    return (*own, *ANY_FILE)
