"""Session twins: synthetic recordings in the format, and with the statistics, of the real ones.

A twin stands in for a challenge session where the real file is not at hand. It has the session's
channels, its length (or a fraction of it), and exactly its number of test steps and of input
events in the test set as NeuroBench's loader counts them. docs/twins.md tells how it is made.
A twin says that it is one in the root attribute ``nbsuite_twin``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from nbsuite.data.folders import twin_path
from nbsuite.data.mat_format import SAMPLE_SECONDS
from nbsuite.data.sessions import Session
from nbsuite.data.twins.info import TWIN_ATTRIBUTE, read_twin_info
from nbsuite.data.twins.plan import TwinPlan, draw_segments, plan_twin
from nbsuite.errors import DataError, UsageError
from nbsuite.seeds import LARGEST_SEED
from nbsuite.twin_info import GENERATOR_VERSION, TwinInfo
from nbsuite.untrusted.text import one_line

if TYPE_CHECKING:
    from nbsuite.data.twins.spikes import UnitSpikes

# Recordings do not start at 0, and must not here: the loader reads the empty cell of a silent
# channel as a spike at time 0.
_FIRST_SECOND = 20.0

_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"

Progress = Callable[[str, float], None]


def write_twin(
    session: Session,
    path: Path,
    *,
    fraction: float = 1.0,
    seed: int = 1,
    progress: Progress | None = None,
) -> TwinInfo:
    """Generate the twin of ``session`` and write it to ``path``, whole or not at all.

    The same session, fraction and seed give the same datasets.

    Args:
        session: one of the six challenge sessions.
        path: the file to write.
        fraction: length as a fraction of the real recording's, above 0 and at most 1.
        seed: random seed, 0 or more and below 2^63.
        progress: called with the stage and how much of the whole is done, 0 to 1.

    Raises:
        UsageError: a session without a twin, or a fraction or seed out of range.
    """
    plan = _checked_plan(session, fraction, seed)
    info = TwinInfo(session.name, float(fraction), seed, GENERATOR_VERSION)
    write_planned_twin(plan, info, path, progress)
    return info


def write_planned_twin(
    plan: TwinPlan, info: TwinInfo, path: Path, progress: Progress | None = None
) -> None:
    """Generate a twin that comes out as planned, label it, and write it, whole or not at all.

    Args:
        plan: the figures it meets.
        info: what it is labelled as; its session and seed decide the random numbers.
        path: the file to write.
        progress: called with the stage and how much of the whole is done, 0 to 1.
    """
    # scipy takes longer to import than finding a twin that is there already.
    from nbsuite.data.matfile import write_recording
    from nbsuite.data.twins.behaviour import draw_behaviour
    from nbsuite.data.twins.drive import draw_drive
    from nbsuite.data.twins.population import UNIT_ROWS, draw_population
    from nbsuite.data.twins.spikes import draw_spikes

    report = progress or (lambda _stage, _done: None)
    name_seed = int.from_bytes(info.session.encode(), "big")
    seeds = np.random.SeedSequence([name_seed, info.seed])
    behaviour_seed, population_seed, spike_seed = seeds.spawn(3)

    report("movements", 0.0)
    rng = np.random.Generator(np.random.PCG64(behaviour_seed))
    behaviour = draw_behaviour(draw_segments(plan, rng), rng)
    report("neurons", 0.05)
    rng = np.random.Generator(np.random.PCG64(population_seed))
    mean_hertz = plan.test_events / (plan.test_steps * plan.channels * SAMPLE_SECONDS)
    units = draw_population(plan.channels, mean_hertz, plan.rates, rng)
    drive = draw_drive(behaviour.cursor, rng)
    spikes = draw_spikes(
        plan, units, drive, spike_seed, lambda done: report("spikes", 0.1 + 0.8 * done)
    )
    report("writing", 0.9)
    write_recording(
        path,
        spike_times=_spike_times(spikes, UNIT_ROWS, plan.channels),
        cursor=behaviour.cursor,
        target=behaviour.target,
        time=np.asarray(_FIRST_SECOND + SAMPLE_SECONDS * np.arange(plan.steps), dtype=np.float64),
        attributes={TWIN_ATTRIBUTE: json.dumps(asdict(info))},
    )
    report("done", 1.0)


def _checked_plan(session: Session, fraction: float, seed: int) -> TwinPlan:
    """The plan of a twin that can be made."""
    if not 0 <= seed <= LARGEST_SEED:
        raise UsageError(
            f"A twin cannot have the seed {one_line(str(seed), 40)}: choose 0 or more, below 2^63."
        )
    return plan_twin(session, fraction)


def _spike_times(
    spikes: list[UnitSpikes], rows: int, channels: int
) -> list[list[NDArray[np.float64]]]:
    """Spike times in seconds as ``[row][channel]``; sample k collects t[k-2] to t[k-1]."""
    empty = np.empty(0)
    times = [[empty] * channels for _ in range(rows)]
    for unit in spikes:
        seconds = _FIRST_SECOND + SAMPLE_SECONDS * (unit.position - 2)
        times[unit.unit.row][unit.unit.channel] = seconds
    return times


def ensure_twin(
    session: Session,
    folder: Path,
    *,
    fraction: float = 1.0,
    seed: int = 1,
    progress: Progress | None = None,
) -> Path:
    """Path of the twin in ``folder``; it is generated unless this generator has done so before.

    Processes that ask at once wait for one of them to generate it. A twin that is damaged, or of
    another version, is replaced; anything else that has its name is not.

    Raises:
        UsageError: as for `write_twin`.
        DataError: something else than a twin has its name.
        OSError: the folder cannot be written.
    """
    _checked_plan(session, fraction, seed)
    path = twin_path(session, folder, fraction=fraction, seed=seed)
    wanted = TwinInfo(session.name, float(fraction), seed, GENERATOR_VERSION)
    if _holds(path, wanted):
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_suffix(".lock")
    with FileLock(lock):
        try:
            if not _holds(path, wanted):
                write_twin(session, path, fraction=fraction, seed=seed, progress=progress)
        finally:
            # Should another process hold the file that goes here, a third may generate the same
            # twin beside it: time is lost, and nothing else.
            _remove_empty(lock)
    return path


def _remove_empty(lock: Path) -> None:
    """Remove a lock's file, unless somebody keeps something in it."""
    with suppress(OSError):
        if lock.is_file() and lock.lstat().st_size == 0:
            lock.unlink()


def _holds(path: Path, wanted: TwinInfo) -> bool:
    """Whether ``path`` is that twin, whole; False where nothing is, or a twin to be replaced.

    Raises:
        DataError: something else is there.
    """
    if not os.path.lexists(path):
        return False
    if path.is_file():
        try:
            info = read_twin_info(path)
        except DataError:
            if _may_be_damaged_twin(path):
                return False
        else:
            if info is not None:
                return info == wanted
    raise DataError(
        f"{path} is there already and is no twin: move it away, or replace it with"
        " `nbsuite data twin` and --force."
    )


def _may_be_damaged_twin(path: Path) -> bool:
    """Whether a file begins as a twin does, however early it ends."""
    with path.open("rb") as stream:
        return _HDF5_SIGNATURE.startswith(stream.read(len(_HDF5_SIGNATURE)))
