"""Mutations of recordings, which are HDF5: datasets of other shapes, types, layouts and places."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from random import Random
from typing import Any

import h5py
import numpy as np

from tests.adversarial.mutant import Mutant
from tests.adversarial.mutate_json import TEXTS

ARRAYS = ("cursor_pos", "target_pos", "t")
_OTHER_TYPES = (
    np.dtype("S8"),
    np.dtype([("a", "f8"), ("b", "i4")]),
    h5py.string_dtype(),
    h5py.vlen_dtype(np.float64),
    h5py.enum_dtype({"A": 0, "B": 1}, basetype="i4"),
    np.dtype("c16"),
    np.dtype("V5"),
    h5py.ref_dtype,
    h5py.regionref_dtype,
    np.dtype("bool"),
)


def mutate_hdf5(content: bytes, rng: Random) -> Mutant:
    """Change one thing that the file holds."""
    name = rng.choice(tuple(_OPERATIONS))
    stream = BytesIO(content)
    with h5py.File(stream, "r+") as file:
        what, wrong = _OPERATIONS[name](file, rng)
    return Mutant(f"{name}: {what}", stream.getvalue(), wrong)


Outcome = tuple[str, bool]


def _replace(file: h5py.File, name: str, **arguments: Any) -> None:
    del file[name]
    file.create_dataset(name, **arguments)


def _value(file: h5py.File, rng: Random) -> Outcome:
    """A number that no position and no time can be."""
    name = rng.choice(ARRAYS)
    data = file[name][()]
    value = rng.choice((np.nan, np.inf, -np.inf, 1e308, -1e308))
    data.flat[rng.randrange(data.size)] = value
    _replace(file, name, data=data)
    return f"{value} in {name}", not np.isfinite(value) or name == "t"


def _shape(file: h5py.File, rng: Random) -> Outcome:
    name = rng.choice(ARRAYS)
    data = file[name][()]
    data = rng.choice((data.T, data[:, :-5], data[:, :1], data[:, :0], data[np.newaxis], data[0]))
    _replace(file, name, data=data)
    return f"{data.shape} of {name}", True


def _constant(file: h5py.File, rng: Random) -> Outcome:
    """Nothing moves, or time stands still."""
    name = rng.choice(("target_pos", "t"))
    _replace(file, name, data=np.zeros_like(file[name][()]))
    return name, True


def _time(file: h5py.File, rng: Random) -> Outcome:
    time = file["t"][()]
    changes: tuple[Callable[[], Any], ...] = (
        lambda: time * 2,
        lambda: time[:, ::-1],
        lambda: np.where(np.arange(time.size) > 300, time + 1e6, time),
        lambda: time * 1e300,
    )
    _replace(file, "t", data=rng.choice(changes)())
    return "stamps", True


def _type(file: h5py.File, rng: Random) -> Outcome:
    name, kind = rng.choice((*ARRAYS, "spikes")), rng.choice(_OTHER_TYPES)
    shape = file[name].shape
    if name == "spikes" and kind == h5py.ref_dtype:
        kind = h5py.regionref_dtype
    _replace(file, name, shape=shape, dtype=kind)
    return f"{kind} of {name}", True


def _number_type(file: h5py.File, rng: Random) -> Outcome:
    """Numbers that numpy has no type for, or of the other byte order."""
    name = rng.choice(ARRAYS)
    data = file[name][()]
    kind = h5py.h5t.STD_I32LE.copy()
    kind.set_precision(24)
    if rng.random() < 0.5:
        kind.set_size(3)
    space = h5py.h5s.create_simple(data.shape)
    del file[name]
    made = h5py.h5d.create(file.id, name.encode(), kind, space)
    made.write(h5py.h5s.ALL, h5py.h5s.ALL, np.zeros(data.shape, np.int32))
    return f"24 bits of {name}", name != "cursor_pos"


def _endless(file: h5py.File, rng: Random) -> Outcome:
    """A shape of terabytes of which nothing is written."""
    name = rng.choice((*ARRAYS, "spikes"))
    rows, kind = file[name].shape[0], file[name].dtype
    columns = rng.choice((10**7, 10**9, 10**12))
    chunks = rng.choice(((1, 1000), (1, min(columns, 1 << 28))))
    _replace(file, name, shape=(rows, columns), dtype=kind, chunks=chunks)
    return f"{columns} columns of {name}", True


def _cells(file: h5py.File, rng: Random) -> Outcome:
    """The cells of spike times: others, enormous ones, none, or one for all."""
    spikes, what = (
        file["spikes"],
        rng.choice(("null", "huge", "self", "group", "nan", "2d", "text")),
    )
    at = (0, rng.randrange(1, spikes.shape[1]))
    if what == "null":
        spikes[at] = h5py.Reference()
    elif what == "self":
        spikes[at] = spikes.ref
    elif what == "group":
        spikes[at] = file["#refs#"].ref
    else:
        made = {
            "huge": {"shape": (1, 10**10), "dtype": "f8", "chunks": (1, 1000)},
            "nan": {"data": np.full((1, 5), np.nan)},
            "2d": {"data": np.full((5, 5, 5), 101.0)},
            "text": {"data": "text"},
        }[what]
        spikes[at] = file.create_dataset("#refs#/made", **made).ref
    return what, what not in ("nan", "2d")


def _channels(file: h5py.File, rng: Random) -> Outcome:
    references = file["spikes"][()]
    count = rng.choice((0, 1, 95, 97, 192, 1000))
    references = np.resize(references, (1, count)) if count else references[:, :0]
    _replace(file, "spikes", data=references, dtype=h5py.ref_dtype)
    return str(count), count != 192


def _virtual(file: h5py.File, rng: Random) -> Outcome:
    """Data that would be read from another file."""
    name = rng.choice(ARRAYS)
    shape = file[name].shape
    del file[name]
    target = rng.choice(("/etc/passwd", "/dev/zero", "missing.mat", "../keep.txt"))
    if rng.random() < 0.5:
        layout = h5py.VirtualLayout(shape=shape, dtype="f8")
        layout[...] = h5py.VirtualSource(target, name, shape=shape)
        file.create_virtual_dataset(name, layout, fillvalue=1.0)
        return f"virtual {name} of {target}", True
    size = 8 * shape[0] * shape[1]
    file.create_dataset(name, shape=shape, dtype="f8", external=[(target, 0, size)])
    return f"external {name} of {target}", True


def _link(file: h5py.File, rng: Random) -> Outcome:
    name = rng.choice((*ARRAYS, "spikes"))
    del file[name]
    kind = rng.choice(("loop", "nothing", "external", "group"))
    if kind == "loop":
        file[name] = h5py.SoftLink(f"/{name}")
    elif kind == "nothing":
        file[name] = h5py.SoftLink("/nothing")
    elif kind == "external":
        file[name] = h5py.ExternalLink("/dev/zero", f"/{name}")
    else:
        file.create_group(name)
    return f"{kind} as {name}", True


def _drop(file: h5py.File, rng: Random) -> Outcome:
    name = rng.choice((*ARRAYS, "spikes"))
    del file[name]
    return name, True


def _attribute(file: h5py.File, rng: Random) -> Outcome:
    """What a twin says of itself, and what MATLAB says of an empty cell."""
    names = [*file.attrs, "nbsuite_twin", "twin", "MATLAB_class"]
    value = rng.choice((*TEXTS[:-1], 1, np.nan, np.zeros(1000), b"\xff\xfe", "{}", "[" * 50_000))
    if isinstance(value, str):
        value = value.replace("\x00", "").encode("utf-8", "replace").decode()
    name = rng.choice(names)
    place = rng.choice((file, file["spikes"], file["t"]))
    try:
        place.attrs[name] = value
    except (OSError, ValueError):  # more than an attribute can hold
        place.attrs[name] = "text"
    return name, False


def _filter(file: h5py.File, rng: Random) -> Outcome:
    """Filters that HDF5 may not have, or a chunk larger than the data."""
    name = rng.choice(ARRAYS)
    data = file[name][()]
    options: tuple[dict[str, Any], ...] = (
        {"compression": "gzip", "compression_opts": 9},
        {"compression": "lzf", "shuffle": True, "fletcher32": True},
        {"scaleoffset": 2},
        {"chunks": (1, 1), "compression": "gzip"},
        {"maxshape": (None, None)},
    )
    _replace(file, name, data=data, **rng.choice(options))
    return name, False


_OPERATIONS: dict[str, Callable[[h5py.File, Random], Outcome]] = {
    "value": _value,
    "shape": _shape,
    "constant": _constant,
    "time": _time,
    "type": _type,
    "number": _number_type,
    "endless": _endless,
    "cells": _cells,
    "channels": _channels,
    "virtual": _virtual,
    "link": _link,
    "drop": _drop,
    "attribute": _attribute,
    "filter": _filter,
}
