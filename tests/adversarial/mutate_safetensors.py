"""Mutations of safetensors files: the header's JSON, what it says of tensors, and their data."""

from __future__ import annotations

import json
import struct
from random import Random
from typing import Any

from tests.adversarial.mutant import Mutant
from tests.adversarial.mutate_json import HUGE, NOT_FINITE, TEXTS, mutate_json

_SIZES = {"F16": 2, "F32": 4, "F64": 8}
_BAD_FLOATS = {
    "F16": (b"\x00\x7e", b"\x00\x7c", b"\x00\xfc"),
    "F32": (b"\x00\x00\xc0\x7f", b"\x00\x00\x80\x7f", b"\x00\x00\x80\xff"),
    "F64": (b"\x00" * 6 + b"\xf8\x7f", b"\x00" * 6 + b"\xf0\x7f", b"\x00" * 6 + b"\xf0\xff"),
}
_DTYPES = ("F64", "F16", "BF16", "I8", "I64", "BOOL", "F8_E4M3", "F4", "C64", "X", "U16", "")


def mutate_safetensors(content: bytes, rng: Random) -> Mutant:
    """Change the header, our part of it, or the data, and write a file whose length fits."""
    header, data = read_parts(content)
    name = rng.choice(("ours", "ours", "ours", "tensor", "tensor", "data", "length", "metadata"))
    if name == "ours":
        return _ours(header, data, rng)
    if name == "data":
        return _not_finite(header, bytearray(data), rng)
    if name == "length":
        raw = json.dumps(header).encode()
        length = rng.choice((0, 1, len(raw) - 1, len(raw) + 1, 1 << 62, (1 << 64) - 1, 100_000_001))
        return Mutant(f"length: {length}", struct.pack("<Q", length) + raw + data, wrong=True)
    if name == "metadata":
        return _metadata(header, data, rng)
    return _tensor(header, data, rng)


def read_parts(content: bytes) -> tuple[dict[str, Any], bytes]:
    """The header and the data of a sound file."""
    (length,) = struct.unpack("<Q", content[:8])
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def join(header: dict[str, Any] | bytes, data: bytes) -> bytes:
    """A file of a header and data."""
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + data


def _ours(header: dict[str, Any], data: bytes, rng: Random) -> Mutant:
    """Change nbsuite's own JSON within the metadata."""
    texts = header["__metadata__"].items()
    (key,) = (name for name, text in texts if text.startswith("{"))
    mutant = mutate_json(header["__metadata__"][key].encode(), rng)
    assert isinstance(mutant.content, bytes)
    header["__metadata__"][key] = mutant.content.decode("utf-8", "replace")
    return Mutant(f"ours: {mutant.what}", join(header, data))


def _not_finite(header: dict[str, Any], data: bytearray, rng: Random) -> Mutant:
    """NaN or infinity among the weights: no decoder has any."""
    name = rng.choice([name for name, each in header.items() if each.get("dtype") in _SIZES])
    dtype, (start, stop) = header[name]["dtype"], header[name]["data_offsets"]
    at = start + _SIZES[dtype] * rng.randrange((stop - start) // _SIZES[dtype])
    data[at : at + _SIZES[dtype]] = rng.choice(_BAD_FLOATS[dtype])
    return Mutant(f"data: not finite in {name}", join(header, bytes(data)), wrong=True)


def _metadata(header: dict[str, Any], data: bytes, rng: Random) -> Mutant:
    name = rng.choice(("none", "empty", "type", "extra", "deep", "repeat"))
    if name == "none":
        del header["__metadata__"]
        return Mutant("metadata: none", join(header, data), wrong=True)
    if name == "extra":
        header["__metadata__"][rng.choice(TEXTS)] = rng.choice(TEXTS)
        return Mutant("metadata: extra", join(header, data))
    if name == "repeat":
        raw = json.dumps(header)
        return Mutant(
            "metadata: repeated", join((raw[:-1] + ', "__metadata__": {}}').encode(), data)
        )
    header["__metadata__"] = {"empty": {}, "type": [1], "deep": {"nbsuite": "[" * 100_000}}[name]
    return Mutant(f"metadata: {name}", join(header, data), wrong=True)


def _tensor(header: dict[str, Any], data: bytes, rng: Random) -> Mutant:
    """What the header says of one tensor."""
    name = rng.choice([each for each in header if each != "__metadata__"])
    entry, what = header[name], rng.choice(("drop", "extra", "rename", "shape", "dtype", "offsets"))
    if what == "drop":
        del header[name]
    elif what == "extra":
        header[rng.choice(TEXTS)] = {"dtype": "F32", "shape": [0], "data_offsets": [len(data)] * 2}
    elif what == "rename":
        header[rng.choice((*TEXTS, name.upper()))] = header.pop(name)
    elif what == "shape":
        shape = entry["shape"]
        others = ([*shape, 1], [], [0], [-1], [1 << 62], [1 << 32, 1 << 32], [1.5], [*shape, 0])
        entry["shape"] = rng.choice([other for other in others if other != shape])
    elif what == "dtype":
        entry["dtype"] = rng.choice([each for each in _DTYPES if each != entry["dtype"]])
    else:
        start, stop = entry["data_offsets"]
        entry["data_offsets"] = rng.choice(
            ([0, 0], [stop, start], [start, stop + 1], [start - 1, stop], [0, 1 << 60], [start])
        )
    return Mutant(f"tensor: {what} of {name[:40]}", join(_raw(header, rng), data), wrong=True)


def _raw(header: dict[str, Any], rng: Random) -> bytes:
    """The header as JSON, now and then with a number that JSON does not know."""
    raw = json.dumps(header)
    if rng.random() < 0.1:
        raw = raw.replace("[0, ", f"[{rng.choice((*HUGE, *NOT_FINITE))}, ", 1)
    return raw.encode("utf-8", "surrogatepass")
