"""What the benchmarks need before they measure, made in processes of its own.

Heavy imports are inside the functions: what the measuring process occupies would count in the
processes that it starts.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

Result = TypeVar("Result")
CALIBRATION_STEPS = 5000


def in_own_process(
    function: Callable[..., Result], *arguments: Any, start: str = "spawn"
) -> Result:
    """Call a function in a fresh process, started by that method, and return what it returns."""
    context = multiprocessing.get_context(start)
    with ProcessPoolExecutor(max_workers=1, mp_context=context) as executor:
        return executor.submit(function, *arguments).result()


def prepare(folder: Path, data_dir: Path, session: str) -> tuple[Path, dict[str, Path]]:
    """Make sure of a session's twin and its cache, and write a random decoder of each kind.

    Returns:
        The recording and, by label, the checkpoints.
    """
    import torch
    from decoders import KINDS, write_random_decoder

    from nbsuite.tasks.locate import locate
    from nbsuite.tasks.opening import load_recording

    recording = load_recording(locate(session, data_dir, "twin").path)
    start = recording.test.start
    spikes = torch.from_numpy(recording.spikes(start, start + CALIBRATION_STEPS))[:, None]
    checkpoints = {}
    for kind in KINDS:
        checkpoints[kind.label] = folder / f"{kind.label}.safetensors"
        write_random_decoder(checkpoints[kind.label], kind, spikes)
    return recording.path, checkpoints
