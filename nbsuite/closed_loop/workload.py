"""NeuroBench's metrics over a closed loop, computed by its classes on the spikes of its trials.

The original presents every trial to its metrics as one sample. So operations are summed over the
steps of a trial, and activation sparsity is that of each trial, of which all count alike. Divided
by the steps, operations are also given a sample, as everywhere else.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from neurobench.metrics.manager.static_manager import StaticMetricManager
from neurobench.metrics.manager.workload_manager import WorkloadMetricManager
from neurobench.metrics.static import ConnectionSparsity, Footprint
from neurobench.metrics.workload import ActivationSparsity, SynapticOperations

from nbsuite.benchmarking.adapter import ChunkModel
from nbsuite.benchmarking.metrics import Failures
from nbsuite.benchmarking.runner import one_thread
from nbsuite.closed_loop.trials import Trials
from nbsuite.errors import BenchmarkError
from nbsuite.models.decoder import Decoder

_TOLERANCE = 1e-6
"""In a part of 1: NeuroBench sums in floating point."""


@dataclass(frozen=True)
class Operations:
    """Synaptic operations, on average over trials or over steps.

    Attributes:
        dense: all there could be.
        macs: effective multiply-accumulates.
        acs: effective accumulates.
    """

    dense: float
    macs: float
    acs: float


@dataclass(frozen=True)
class LoopWorkload:
    """What NeuroBench measures of a decoder in the loop.

    Attributes:
        footprint: bytes.
        connection_sparsity: share of weights that are zero.
        activation_sparsity: mean over trials.
        per_trial: operations summed over the steps of a trial, as the original tells them.
        per_step: operations of a step.
    """

    footprint: float
    connection_sparsity: float
    activation_sparsity: float
    per_trial: Operations
    per_step: Operations


def measure_workload(decoder: Decoder, trials: Trials, *, reset: bool) -> LoopWorkload:
    """Run NeuroBench's metrics on a decoder that sees the spikes of trials once more.

    Args:
        decoder: the decoder that ran, as the loop ran it.
        trials: with the spikes that it saw.
        reset: whether it started each trial afresh.

    Raises:
        BenchmarkError: a metric failed or is not exact.
        CheckpointError: what is decoded is not finite.
    """
    failures = Failures()
    static = StaticMetricManager(
        [failures.watch(metric) for metric in (Footprint, ConnectionSparsity)]
    )
    workload = WorkloadMetricManager(
        [failures.watch(metric) for metric in (ActivationSparsity, SynapticOperations)]
    )
    restarts = [start for start, _ in trials.bounds[1:]] if reset else []
    model = ChunkModel(decoder, restarts=restarts)
    spikes = torch.from_numpy(trials.unpacked_spikes())
    told = torch.ones(1)  # the original tells its metrics of one sample a trial
    with torch.no_grad(), one_thread():
        values = static.run_metrics(model)
        workload.register_hooks(model)
        workload.initialize_metrics()
        for start, stop in trials.bounds:
            model(spikes[start:stop, None])
            workload.run_metrics(model, told, (told, told), batch_size=1, dataset_len=len(trials))
            workload.reset_hooks(model)
    failures.check()
    counted = workload.results["SynapticOperations"]
    per_trial = Operations(
        dense=float(counted["Dense"]),
        macs=float(counted["Effective_MACs"]),
        acs=float(counted["Effective_ACs"]),
    )
    _check_exactness(per_trial, model, len(trials))
    steps = len(trials.counts) / len(trials)
    workload.cleanup_hooks(model)
    return LoopWorkload(
        footprint=float(values["Footprint"]),
        connection_sparsity=float(values["ConnectionSparsity"]),
        activation_sparsity=float(workload.results["ActivationSparsity"]),
        per_trial=per_trial,
        per_step=Operations(per_trial.dense / steps, per_trial.macs / steps, per_trial.acs / steps),
    )


def _check_exactness(found: Operations, model: ChunkModel, trials: int) -> None:
    """Hold NeuroBench's counts against integers.

    Raises:
        BenchmarkError: they differ.
    """
    for name in ("dense", "macs", "acs"):
        due = sum(getattr(each, name) for each in model.tally.connections) / trials
        reported = getattr(found, name)
        if not abs(reported - due) <= _TOLERANCE * max(due, 1):
            raise BenchmarkError(
                f"NeuroBench reported {name} = {reported!r} a trial where {due!r} is due: the count"
                " is not exact; report this."
            )
