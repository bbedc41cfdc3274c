"""Mutations of .npz archives: the headers of arrays, their types, shapes and values."""

from __future__ import annotations

import struct
from io import BytesIO
from random import Random

import numpy as np

from tests.adversarial.mutant import Mutant
from tests.adversarial.mutate_zip import read_members, write_members

_DESCRIPTIONS = (
    "|O",
    "<f8",
    "<c16",
    "<M8[ns]",
    "|S5",
    "<U5",
    "|b1",
    "|V8",
    "<f2",
    [("a", "<f8"), ("b", "|O")],
    "x",
    None,
)
_SHAPES = ((1 << 40, 96), (1 << 31,), (-1, 96), (), (0, 96), (1,) * 60, (1 << 62, 1 << 62), (20.0,))
_VALUES = (np.nan, np.inf, -np.inf, 1e300, 2, -1, 0.5)


def mutate_npz(content: bytes, rng: Random) -> Mutant:
    """Change one array's header or values, or the set of arrays."""
    members = read_members(content)
    name = rng.choice(list(members))
    what = rng.choice(("header", "header", "value", "value", "drop", "extra", "pickle", "rows"))
    if what == "drop":
        del members[name]
        wrong = True
    elif what == "extra":
        members[rng.choice(("heads.npy", "spikes_half.npy", "x.npy", "../x.npy"))] = members[name]
        wrong = False
    elif what == "header":
        members[name], wrong = _header(members[name], rng), False
    elif what == "pickle":
        members[name], wrong = _save(np.array([{}], dtype=object)), True
    else:
        array = np.load(BytesIO(members[name]))
        if what == "rows":
            array, wrong = array[: rng.choice((0, 1, len(array) - 1))], True
        else:
            array = array.astype(np.float64)
            array.flat[rng.randrange(array.size)] = rng.choice(_VALUES)
            wrong = True
        members[name] = _save(array)
    return Mutant(f"{what}: {name}", write_members(members), wrong)


def _save(array: np.ndarray) -> bytes:  # type: ignore[type-arg]
    stream = BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def _header(member: bytes, rng: Random) -> bytes:
    """The same data under another header."""
    length = struct.unpack("<H", member[8:10])[0]
    fields = {
        "descr": rng.choice(_DESCRIPTIONS),
        "fortran_order": rng.choice((False, True, 1)),
        "shape": rng.choice(_SHAPES),
    }
    text = repr(fields)
    if rng.random() < 0.2:
        text = rng.choice(
            ("__import__('os').system('touch pwned')", "(" * 5_000, "{" + " " * 60_000 + "}", "1")
        )
    raw = text.encode() + b"\n"
    return member[:8] + struct.pack("<H", min(len(raw), 0xFFFF)) + raw + member[10 + length :]
