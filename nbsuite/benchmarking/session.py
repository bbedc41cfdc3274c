"""A checkpoint measured on a recording: the benchmark from files to a result."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from nbsuite.benchmarking.adapter import Progress
from nbsuite.benchmarking.metrics import check_metric_names
from nbsuite.benchmarking.own_code import OwnCode
from nbsuite.benchmarking.own_metrics import Metric, load_metrics
from nbsuite.benchmarking.processors import load_processing, processed_name
from nbsuite.benchmarking.quantities import CHALLENGE_METRICS
from nbsuite.benchmarking.results import BenchmarkResult, describe_result
from nbsuite.benchmarking.runner import Measurement, run_benchmark, run_per_step
from nbsuite.benchmarking.timing import measure_timing
from nbsuite.benchmarking.verification import Comparison, compare_with_per_step
from nbsuite.data.recording import Recording, Split
from nbsuite.data.sample_dataset import SampleDataset
from nbsuite.errors import BenchmarkError, CheckpointError, DataError, UsageError
from nbsuite.models.checkpoint import Checkpoint
from nbsuite.neurons.kernels import (
    KERNEL_NAMES,
    TRAINING_KERNEL_NAMES,
    KernelName,
    TrainingKernelName,
    require_triton,
)

_DEVICE = re.compile(r"(cpu)(?::0)?|(cuda|mps|xpu)(?::[0-9]{1,3})?")


@dataclass(frozen=True)
class RunSettings:
    """How to run the benchmark.

    Attributes:
        metrics: names of NeuroBench's metrics.
        kernel: one of the decoder's kernels; None is the decoder's choice.
        device: the torch device.
        per_step: call layers one step at a time, as NeuroBench's own models do.
        own_metrics: metrics of the user's own: their classes, or what names them.
        preprocessors: what spikes go through first: classes or functions, or what names them.
        postprocessors: what the outputs go through: classes or functions, or what names them.
    """

    metrics: tuple[str, ...] = CHALLENGE_METRICS
    kernel: str | None = None
    device: str = "cpu"
    per_step: bool = False
    own_metrics: tuple[str | Metric, ...] = ()
    preprocessors: tuple[Any, ...] = ()
    postprocessors: tuple[Any, ...] = ()

    def named(self, model: str) -> str:
        """The name of a model's results: those of processors stand in it."""
        return processed_name(model, (*self.preprocessors, *self.postprocessors))

    def own_code(self) -> OwnCode:
        """The metrics and processors of the user's own, loaded.

        Raises:
            UsageError: one is not there, or cannot be used.
        """
        return OwnCode(
            load_metrics(self.own_metrics),
            load_processing(self.preprocessors, self.postprocessors),
        )


AS_USUAL = RunSettings()
"""The challenge's metrics, as fast as can be."""


def measure_checkpoint(
    checkpoint: Checkpoint,
    recording: Recording,
    settings: RunSettings = AS_USUAL,
    progress: Progress | None = None,
) -> tuple[BenchmarkResult, Measurement]:
    """Run the benchmark on a recording's test set.

    Raises:
        CheckpointError: the decoder's channels do not fit the recording, or what it decodes is not
            finite.
        DataError: R2 is asked for, and the hand of the test set does not move along an axis.
        BenchmarkError: a metric failed, is not finite or is not exact.
        UsageError: a metric is unknown or does not apply, or the device is not there.
    """
    check_fit(checkpoint, recording)
    check_motion(recording, recording.test, settings.metrics)
    own = settings.own_code()
    decoder = checkpoint.decoder.to(settings.device)
    samples = SampleDataset(recording, recording.test)
    options: dict[str, Any] = {
        "metrics": settings.metrics,
        "own": own.metrics,
        "processing": own.processing,
        "progress": progress,
    }
    if settings.per_step:
        measurement = run_per_step(decoder, samples, **options)
    else:
        measurement = run_benchmark(decoder, samples, kernel=settings.kernel, **options)
    _check_finite(measurement.values, checkpoint, recording)
    name = settings.named(checkpoint.header.spec.name)
    timing = measure_timing(decoder, measurement)
    return describe_result(checkpoint, recording, measurement, timing, own, name), measurement


def verify_checkpoint(
    checkpoint: Checkpoint, recording: Recording, steps: int, settings: RunSettings
) -> Sequence[Comparison]:
    """Measure the first ``steps`` test samples both ways and compare.

    Raises:
        As :func:`measure_checkpoint`.
    """
    check_fit(checkpoint, recording)
    decoder = checkpoint.decoder.to(settings.device)
    test = recording.test
    first = replace(test, stop=min(test.stop, test.start + steps))
    check_motion(recording, first, settings.metrics)
    own = settings.own_code()
    return compare_with_per_step(
        decoder,
        SampleDataset(recording, first),
        metrics=settings.metrics,
        kernel=settings.kernel,
        own=own.metrics,
        processing=own.processing,
    )


def check_fit(checkpoint: Checkpoint, recording: Recording) -> None:
    """Make sure that the decoder takes the recording's channels and step, and gives its outputs.

    Raises:
        CheckpointError: it does not.
    """
    channels = checkpoint.header.spec.channels
    if channels != recording.channels:
        raise CheckpointError(
            f"{checkpoint.path} decodes {channels} channels, but {recording.path.name} has "
            f"{recording.channels}; choose a session of the subject it was trained on."
        )
    outputs = checkpoint.header.spec.outputs
    if outputs != recording.outputs:
        raise CheckpointError(
            f"{checkpoint.path} decodes {outputs} outputs, but {recording.path.name} has "
            f"{recording.outputs}; choose a recording of the task that it was trained for."
        )
    step = checkpoint.header.spec.step
    if not math.isclose(step, recording.task.step, rel_tol=1e-9):
        raise CheckpointError(
            f"{checkpoint.path} decodes in steps of {1000 * step:g} ms, but {recording.path.name} "
            f"has steps of {1000 * recording.task.step:g} ms; choose a recording of the task that "
            "it was trained for."
        )


def check_motion(recording: Recording, part: Split, metrics: Iterable[str]) -> None:
    """Make sure that R2, where it is asked for, is defined on a part of a recording.

    Raises:
        DataError: it is not.
        UsageError: a metric is unknown or does not apply.
    """
    if "r2" not in check_metric_names(metrics):
        return
    if still := recording.still(part):
        raise DataError(
            f"{recording.path} has targets that never change, {' and '.join(still)}, in samples"
            f" {part.start:,} to {part.stop:,}, its {part.name} set, so that R2 is undefined: leave"
            " r2 out with --metrics, or use a recording in which they do."
        )


def _check_finite(values: Mapping[str, Any], checkpoint: Checkpoint, recording: Recording) -> None:
    """Make sure that no figure is infinite or NaN.

    Raises:
        BenchmarkError: one is.
    """
    for name, value in values.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise BenchmarkError(
                f"{checkpoint.path} decodes {recording.path.name} so that NeuroBench's {name} is"
                f" {value}: check the checkpoint's weights, or leave it out with --metrics."
            )


def kernel_asked_for(kernel: str, device: str) -> KernelName | None:
    """The kernel meant by a name; ``auto`` is None, the decoder's own choice.

    Raises:
        UsageError: the device is not there, or the kernel does not run on it.
    """
    chosen = choose_kernel(kernel, device)
    return None if kernel == "auto" else chosen


def choose_training_kernel(kernel: str, device: str, *, fused: bool = True) -> TrainingKernelName:
    """The kernel meant by a name, for training; ``auto`` is as in :func:`choose_kernel`.

    Args:
        kernel: the name.
        device: the torch device to run on.
        fused: whether a fused kernel trains the decoder; otherwise ``auto`` is the reference.

    Raises:
        UsageError: the device is not there, or the kernel is not installed or does not run on it.
    """
    if kernel != "triton":
        chosen = choose_kernel(kernel, device, TRAINING_KERNEL_NAMES)
        return chosen if fused or kernel != "auto" else "reference"
    require_triton()
    if _kind_of(device) != "cuda":
        raise UsageError(
            f"The triton kernel runs on an NVIDIA GPU, not on {device}; "
            "choose --device cuda or another kernel."
        )
    return "triton"


def choose_kernel(kernel: str, device: str, names: Sequence[str] = KERNEL_NAMES) -> KernelName:
    """The kernel meant by a name; ``auto`` is numba on the CPU and the reference elsewhere.

    Args:
        kernel: the name.
        device: the torch device to run on.
        names: the names to offer in place of one that no kernel has.

    Raises:
        UsageError: the device is not there, or the kernel does not run on it.
    """
    kind = _kind_of(device)
    if kernel == "auto":
        return "numba" if kind == "cpu" else "reference"
    for known in KERNEL_NAMES:
        if kernel == known:
            if known == "numba" and kind != "cpu":
                raise UsageError(
                    f"The numba kernel runs on the CPU, not on {device}; "
                    "choose --device cpu or --kernel reference."
                )
            return known
    raise UsageError(f"No kernel is called '{kernel}'; known are {', '.join(names)}.")


def _kind_of(device: str) -> str:
    """The device's type, such as ``cpu``.

    Raises:
        UsageError: the device is not there, or is none that decoders run on.
    """
    found = _DEVICE.fullmatch(device)
    try:
        if found is None or float(torch.ones(1, device=device)) != 1:
            raise RuntimeError("no such device")
        return str(found[1] or found[2])
    # What torch raises differs from device to device, a missing module being among it.
    except (RuntimeError, AssertionError, ValueError, ImportError) as error:
        raise UsageError(
            f"There is no device {device!a} on this machine; choose --device cpu."
        ) from error
