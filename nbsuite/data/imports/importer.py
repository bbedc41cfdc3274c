"""A recording of one's own out of a file of another program."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nbsuite.data.digests import known_digest
from nbsuite.data.imports.orientation import steps_first, targets_first
from nbsuite.data.imports.request import Request
from nbsuite.data.imports.resampling import averaged
from nbsuite.data.imports.source import (
    Array,
    Intervals,
    Source,
    SpikeTimes,
    array,
    look_up,
    what_there_is,
)
from nbsuite.data.own.arrays import Arrays, make_content
from nbsuite.data.own.content import Content
from nbsuite.data.own.header import is_own
from nbsuite.data.recording_file import require_file
from nbsuite.errors import DataError
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.text import printable

_SPIKES, _TARGETS = "spikes", "targets"


@dataclass(frozen=True)
class Imported:
    """What became of a file.

    Attributes:
        content: the recording.
        notes: what was found out and done on the way, a clause each.
    """

    content: Content
    notes: tuple[str, ...]


def import_file(path: Path, request: Request) -> Imported:
    """Make a recording of a file: .npz, .mat, HDF5 or NWB.

    Raises:
        DataError: the file is missing, damaged or of none of these formats, or what is asked for
            is not in it or makes no recording; the message names the fault and the remedy.
        UsageError: the task cannot be, for a name of it or of an output.
    """
    require_file(path)
    try:
        with ExitStack() as closing:
            arrays, unit, notes = _arrays(_source(path, closing), request)
        choices = request.choices
        if choices.units is None:
            choices = replace(choices, units=unit)
        content = make_content(arrays, choices)
    except FormatFault as fault:
        end = "" if str(fault).endswith(("?", ".")) else "."
        raise DataError(f"{path} {fault}{end}") from fault
    origin = replace(
        content.origin, file=printable(path.name)[:200], sha256=known_digest(path, "sha256")
    )
    return Imported(replace(content, origin=origin), notes)


def _source(path: Path, closing: ExitStack) -> Source:
    """The file, by its first bytes.

    Raises:
        FormatFault: it is of none of the formats, or damaged.
    """
    from nbsuite.data.imports.hdf5_file import Hdf5File, is_hdf5  # HDF5
    from nbsuite.data.imports.mat_file import MatFile
    from nbsuite.data.imports.npz_file import NpzFile

    if is_own(path):
        raise FormatFault("is a recording of one's own already: use it as it is")
    with path.open("rb") as stream:
        first = stream.read(128)
    if first.startswith(b"PK"):
        return NpzFile(path)
    if is_hdf5(path):
        return Hdf5File(path, closing)
    if first[124:128].endswith((b"IM", b"MI")):
        return MatFile(path)
    raise FormatFault(
        "is none of a .npz archive, a MATLAB file, HDF5 and NWB: save it as one of these"
    )


def _chosen(source: Source, named: str | None, usual: str | None, what: str) -> str:
    """The key that was named, or the usual one where there is one."""
    if named is not None:
        return named
    keys = (key for key, _ in source.listing())
    if usual is not None and any(key == usual or key.startswith(f"{usual}/") for key in keys):
        return usual
    raise FormatFault(f"does not tell its {what}: name them with --{what}; {what_there_is(source)}")


def _arrays(source: Source, request: Request) -> tuple[Arrays, str, tuple[str, ...]]:
    """What the recording is made of, the unit of its targets, and what was done to them."""
    spikes_key = _chosen(source, request.spikes, source.usual_spikes or _SPIKES, "spikes")
    target_key = _chosen(source, request.targets, _TARGETS, "targets")
    spikes = _spikes(source, spikes_key, request)
    series = array(source, target_key)
    time = series.time
    if request.time is not None:
        time = array(source, request.time).values.ravel().astype(np.float64)
    segments = None if request.segments is None else look_up(source, request.segments)
    notes: list[str] = []
    step = request.step
    if isinstance(spikes, SpikeTimes):
        steps = None if time is None else time.size
        targets, turned = targets_first(series.values, steps, request.time_axis)
        notes += ["columns of the targets are its steps"] if turned else []
        targets = _columns(targets, request)
        if time is not None and step is not None and len(time) == len(targets):
            time, targets, count = averaged(time, targets, step)
            notes += [f"each step is the mean of {count} targets"] if count > 1 else []
        given: Any = spikes.units
    else:
        given, targets, turns = steps_first(spikes.values, series.values, request.time_axis)
        notes += [f"columns of the {what} are its steps" for what in turns]
        targets = _columns(targets, request)
    if isinstance(segments, SpikeTimes):
        raise FormatFault(f"holds spike times as {request.segments}, not segments")
    chosen = None
    if segments is not None:
        chosen = _segments(segments, time, step, request, len(targets))
    start = request.start if time is None else None
    return Arrays(given, targets, step, time, start, chosen), series.unit, tuple(notes)


def _spikes(source: Source, key: str, request: Request) -> Array | SpikeTimes:
    """Counts, or the spike times of each unit."""
    found = look_up(source, key)
    if isinstance(found, Intervals):
        raise FormatFault(f"holds intervals of time as {key}, not spikes")
    if request.spike_units is None or isinstance(found, SpikeTimes):
        return found
    times, units = found.values.ravel(), array(source, request.spike_units).values.ravel()
    if times.shape != units.shape:
        raise FormatFault(
            f"holds {times.size:,} spike times and {units.size:,} units of them: give one a spike"
        )
    order = np.argsort(units, kind="stable")
    _, firsts = np.unique(units[order], return_index=True)
    return SpikeTimes(np.split(times[order], firsts[1:]))


def _columns(targets: NDArray[Any], request: Request) -> NDArray[Any]:
    columns = request.columns
    if columns is None:
        return targets
    width = targets.shape[1] if targets.ndim == 2 else 1
    if not columns or not all(0 <= column < width for column in columns):
        raise FormatFault(
            f"has {width} columns of targets: name some of 0 to {width - 1} with --columns"
        )
    return targets.reshape(len(targets), width)[:, list(columns)]


def _segments(
    found: Array | Intervals,
    time: NDArray[np.float64] | None,
    step: float | None,
    request: Request,
    steps: int,
) -> NDArray[Any]:
    """Segments in steps: intervals of time are those of the steps that begin within them."""
    if isinstance(found, Array):
        values = found.values.squeeze() if steps in found.values.shape else found.values
        turned = values.ndim == 2 and values.shape[0] == 2 and values.shape[1] != 2
        return values.T if turned else values
    if time is None:
        if request.start is None or step is None:
            raise FormatFault(
                f"has segments in seconds as {request.segments}: give the time stamps of the"
                " steps (--time), or of the first one (--start)"
            )
        time = request.start + step * np.arange(steps, dtype=np.float64)
    edges = np.searchsorted(time, found.seconds)
    return edges[edges[:, 0] < edges[:, 1]]
