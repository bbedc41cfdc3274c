"""NeuroBench's ``Benchmark`` on one decoder and one recording, with every figure checked."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, cast

import torch
from neurobench.benchmarks import Benchmark
from neurobench.metrics.abstract import StaticMetric, WorkloadMetric
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from nbsuite.benchmarking.adapter import CHUNK_STEPS, ChunkModel, DecoderModel, Progress, StepModel
from nbsuite.benchmarking.metrics import (
    STATIC_METRICS,
    WORKLOAD_METRICS,
    Failures,
    check_metric_names,
    flatten,
)
from nbsuite.benchmarking.own_metrics import OwnMetric
from nbsuite.benchmarking.processed import AroundRun
from nbsuite.benchmarking.processors import UNPROCESSED, Processing
from nbsuite.benchmarking.quantities import CHALLENGE_METRICS, QUANTITIES
from nbsuite.data.sample_dataset import Stretches
from nbsuite.errors import BenchmarkError
from nbsuite.models.decoder import Decoder, LayersSeen
from nbsuite.models.lookahead import NOTHING_AHEAD, Lookahead


class TestSamples(Protocol):
    """Test samples that can be taken by contiguous ranges, e.g. ``SampleDataset``.

    Where they have gaps, an attribute ``restarts`` tells the samples before which a decoder starts
    afresh.
    """

    def __len__(self) -> int:
        """Number of samples."""

    def __getitems__(self, indices: Sequence[int]) -> Any:
        """Spikes (samples, 1, channels) int8 and labels (samples, 2) of a range."""


@dataclass(frozen=True)
class Measurement:
    """What one run of the benchmark measured.

    Attributes:
        values: metric values under the names of the challenge format.
        outputs: (steps, outputs) what was decoded, and postprocessed.
        spikes: (steps, neurons) hidden spikes, int8; None of a decoder without them.
        steps: number of test samples.
        seconds: time taken by NeuroBench's run, loading of the recording excluded.
        kernel: the kernel that ran, ``vectorised`` where a decoder has no choice of them.
        per_step: whether layers were called one step at a time.
        layers: what was counted of the layers; None where no metric looked at all of them.
        lookahead: how far pre- and postprocessors look ahead.
    """

    values: dict[str, Any]
    outputs: Tensor
    spikes: Tensor | None
    steps: int
    seconds: float
    kernel: str
    per_step: bool
    layers: LayersSeen | None = None
    lookahead: Lookahead = NOTHING_AHEAD


def run_benchmark(
    decoder: Decoder,
    samples: TestSamples,
    *,
    metrics: Iterable[str] = CHALLENGE_METRICS,
    kernel: str | None = None,
    chunk_steps: int = CHUNK_STEPS,
    own: Sequence[OwnMetric] = (),
    processing: Processing = UNPROCESSED,
    progress: Progress | None = None,
) -> Measurement:
    """Run NeuroBench's official metrics, whole chunks at a time.

    Args:
        decoder: the decoder, on the device to run on.
        samples: the test samples.
        metrics: names of metrics, see ``METRIC_NAMES``.
        kernel: one of the decoder's kernels; None is the decoder's choice.
        chunk_steps: steps a layer is shown at once; figures do not depend on it.
        own: metrics of the user's own.
        processing: what stands around the decoder.
        progress: receives the number of steps decoded after each chunk.

    Raises:
        BenchmarkError: a metric failed or differs from its closed form.
        CheckpointError: what is decoded is not finite.
        UsageError: a metric is unknown or does not apply.
    """
    model = ChunkModel(decoder, kernel, chunk_steps, _restarts(samples), progress)
    return _measure(model, samples, metrics, own, processing, batch_steps=len(samples))


def run_per_step(
    decoder: Decoder,
    samples: TestSamples,
    *,
    metrics: Iterable[str] = CHALLENGE_METRICS,
    batch_steps: int = CHUNK_STEPS,
    own: Sequence[OwnMetric] = (),
    processing: Processing = UNPROCESSED,
    progress: Progress | None = None,
) -> Measurement:
    """Run NeuroBench's official metrics one step at a time: slow, and the check on the other.

    Args:
        decoder: the decoder.
        samples: the test samples.
        metrics: names of metrics, see ``METRIC_NAMES``.
        batch_steps: samples in a batch; NeuroBench keeps every activation of a batch. All of them
            are in one where metrics or processors of one's own are to see them in a row.
        own: metrics of the user's own.
        processing: what stands around the decoder.
        progress: receives the number of steps decoded after each batch.

    Raises:
        BenchmarkError: a metric failed or differs from its closed form.
        CheckpointError: what is decoded is not finite.
        UsageError: a metric is unknown or does not apply.
    """
    model = StepModel(decoder, _restarts(samples), progress)
    if own or processing:
        batch_steps = len(samples)
    return _measure(model, samples, metrics, own, processing, batch_steps=batch_steps)


def _measure(
    model: DecoderModel,
    samples: TestSamples,
    metrics: Iterable[str],
    own: Sequence[OwnMetric],
    processing: Processing,
    *,
    batch_steps: int,
) -> Measurement:
    names = check_metric_names(metrics)
    failures = Failures()
    chosen = [
        [
            *(failures.watch(known[name]) for name in names if name in known),
            *(failures.watch(each.metric) for each in own if issubclass(each.metric, kind)),
        ]
        for known, kind in ((STATIC_METRICS, StaticMetric), (WORKLOAD_METRICS, WorkloadMetric))
    ]
    around = AroundRun(processing, _restarts(samples))
    before = [around.preprocess] if processing.before else []
    after = [around.postprocess] if processing.after else []
    loader = _contiguous_loader(samples, batch_steps)
    start = time.perf_counter()
    with torch.no_grad(), one_thread():
        reported = Benchmark(model, loader, before, after, chosen).run(quiet=True)
    seconds = time.perf_counter() - start
    failures.check()
    values = flatten(reported, names)
    values |= {each.quantity.key: float(reported[each.reported_as]) for each in own}
    _check_exactness(values, model, samples)
    return Measurement(
        values=values,
        outputs=torch.cat(model.tally.outputs) if around.outputs is None else around.outputs,
        spikes=torch.cat(model.tally.spikes) if model.tally.spikes else None,
        steps=len(samples),
        seconds=seconds,
        kernel=model.kernel,
        per_step=model.per_step,
        layers=model.tally.layers(),
        lookahead=around.lookahead,
    )


def _restarts(samples: TestSamples) -> tuple[int, ...]:
    """The samples before which a decoder starts afresh."""
    return tuple(getattr(samples, "restarts", ()))


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread: NeuroBench masks small tensors, over which threads only wait.

    On an idle machine a second thread gains little; on a busy one it takes ten times as long.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _contiguous_loader(samples: TestSamples, batch_steps: int) -> DataLoader[Any]:
    """Contiguous batches in order; labels in float64, so that R2's sums are exact enough."""
    return DataLoader(
        cast("Dataset[Any]", samples),
        batch_sampler=Stretches(len(samples), batch_steps),  # type: ignore[arg-type]
        collate_fn=lambda batch: (batch[0], batch[1].double()),
    )


def _check_exactness(values: dict[str, Any], model: DecoderModel, samples: TestSamples) -> None:
    """Hold NeuroBench's counts against closed forms in integers.

    Raises:
        BenchmarkError: names the figure, what was reported and what is due.
    """
    tally = model.tally
    connections, steps = tally.connections, tally.samples
    expected = {
        "acs": sum(each.acs for each in connections) / steps,
        "macs": sum(each.macs for each in connections) / steps,
        "dense": sum(each.dense for each in connections) / steps,
        "activation_sparsity": tally.sparsity / steps,
    }
    if tally.samples != len(samples):
        raise BenchmarkError(
            f"The benchmark saw {tally.samples} of {len(samples)} test samples; report this."
        )
    for name, due in expected.items():
        reported = values.get(name, due)
        if not abs(reported - due) <= QUANTITIES[name].rounding:
            raise BenchmarkError(
                f"NeuroBench reported {name} = {reported!r} where {due!r} is due: "
                "the count is not exact; report this."
            )
