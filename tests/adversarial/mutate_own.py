"""Mutations of recordings of one's own and of what they are imported from: heads and datasets."""

from __future__ import annotations

from io import BytesIO
from random import Random

import h5py
import numpy as np

from tests.adversarial.mutant import Mutant
from tests.adversarial.mutate_json import mutate_json

_SIGNATURE = b"\x89HDF"
_TYPES = ("<f8", "<f4", "<i8", "<u2", "|u1", ">i4", "S3", h5py.string_dtype(), h5py.ref_dtype)
_SHAPES = ((1 << 40,), (1 << 20, 1 << 20), (0,), (0, 2), (3,), (), (2, 3, 4))
_VALUES = (-1, 0, 1, 7, 1 << 15, 1 << 40, np.nan, np.inf, 1e300)


def mutate_head(content: bytes, rng: Random) -> Mutant:
    """Change the line of JSON before the datasets."""
    mark, line, _ = content.split(b"\n", 2)
    datasets = content[content.index(_SIGNATURE) :]
    changed = mutate_json(line, rng)
    if not isinstance(changed.content, bytes):
        return Mutant("head: none", datasets, wrong=True)
    block = mark + b"\n" + changed.content.replace(b"\n", b" ") + b"\n"
    size = max(512, 1 << (len(block) - 1).bit_length())
    return Mutant(f"head: {changed.what}", block.ljust(size, b"\0") + datasets)


def mutate_datasets(content: bytes, rng: Random) -> Mutant:
    """Change one dataset of a file, or what lies in its place."""
    stream = BytesIO(content)
    with h5py.File(stream, "r+") as file:
        name = rng.choice(sorted(each for each in file if not each.startswith("#")))
        what = rng.choice(("value", "type", "shape", "drop", "link", "external", "rows"))
        data = file[name][()] if isinstance(file[name], h5py.Dataset) else np.arange(4)
        del file[name]
        if what == "value":
            changed = np.array(data)
            if changed.dtype.kind in "iuf" and changed.size:
                with np.errstate(all="ignore"):
                    changed.flat[rng.randrange(changed.size)] = np.asarray(
                        rng.choice(_VALUES)
                    ).astype(changed.dtype)
            file[name] = changed
        elif what == "type":
            file.create_dataset(name, np.shape(data), dtype=rng.choice(_TYPES))
        elif what == "shape":
            shape = rng.choice(_SHAPES)
            chunks = tuple(min(each, 1 << 10) or 1 for each in shape) or None
            file.create_dataset(name, shape, dtype="<f4", chunks=chunks)
        elif what == "link":
            file[name] = h5py.SoftLink(rng.choice(("/", "/nothing", f"/{name}")))
        elif what == "external":
            file[name] = h5py.ExternalLink("/etc/hosts", "/x")
        elif what == "rows":
            file[name] = np.atleast_1d(data)[: rng.choice((0, 1, len(np.atleast_1d(data)) - 1))]
    return Mutant(f"{what}: {name}", stream.getvalue(), wrong=what in ("drop", "external"))
