"""Makes this process ready to be forked: everything imported and compiled, and one thread."""

from __future__ import annotations

import gc
import importlib
import os
from pathlib import Path

MODULES = (
    "distributed",
    "nbsuite.cli.main",
    "nbsuite.submissions.results.measuring",
    "nbsuite.submissions.study.plan",
    "nbsuite.cli.sweep.runs",
    "nbsuite.cli.sweep.status",
    "nbsuite.cli.train.runs",
    "nbsuite.conversions.neurobench",
    "nbsuite.conversions.parity",
    "nbsuite.conversions.stork",
    "nbsuite.data.contents",
    "nbsuite.data.fetch.download",
    "nbsuite.neurons.kernels.inference.run",
    "nbsuite.neurons.kernels.training.function",
    "nbsuite.plots_training",
    "nbsuite.submissions.package.verification",
    "nbsuite.submissions.report.write",
    "rich.progress",
    "rich.table",
)
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def warm_up() -> None:
    """Import what commands import; call it before anything heavy is imported."""
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    for name in MODULES:
        importlib.import_module(name)
    import torch
    from tqdm import tqdm

    torch.set_num_threads(1)
    tqdm.monitor_interval = 0  # NeuroBench's progress would be watched by a thread


def settle() -> None:
    """Check that this process can be forked, and let its memory be shared.

    Raises:
        RuntimeError: it has other threads, whose locks a fork would never see released.
    """
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads != 1:
        raise RuntimeError(f"a process of {threads} threads cannot be forked safely")
    gc.collect()
    gc.freeze()


def warm_up_training() -> None:
    """Import what training needs besides; only here, for it makes every fork dearer."""
    importlib.import_module("torch._dynamo")  # which optimisers import when first used
