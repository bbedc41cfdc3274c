"""A decoder measured on a recording."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import singledispatch
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nbsuite.benchmarking.jobs import Job, measure_jobs, own_session
from nbsuite.benchmarking.metrics import check_metric_names
from nbsuite.benchmarking.observer import Event, MeasuringBegun
from nbsuite.benchmarking.own_decoders import OwnDecoder, as_checkpoint, built_for
from nbsuite.benchmarking.own_metrics import Metric
from nbsuite.benchmarking.quantities import CHALLENGE_METRICS
from nbsuite.benchmarking.results import BenchmarkResult
from nbsuite.benchmarking.runner import Measurement
from nbsuite.benchmarking.session import RunSettings, check_fit, kernel_asked_for
from nbsuite.data.recording import Recording
from nbsuite.errors import UsageError
from nbsuite.models.checkpoint import Checkpoint, CheckpointHeader, weights_digest
from nbsuite.models.decoder import Decoder
from nbsuite.models.factory import load_factory, names_decoder
from nbsuite.models.module_interface import Model, net_of
from nbsuite.models.module_spec import ModuleSpec
from nbsuite.public.checkpoints import load_checkpoint
from nbsuite.public.one_or_more import one_or_more
from nbsuite.public.progress import told
from nbsuite.public.recordings import opened
from nbsuite.tasks.locate import Source


@dataclass(frozen=True, eq=False)
class BenchmarkRun:
    """What came of measuring a decoder on a recording's test set.

    Attributes:
        result: the figures and their provenance.
        recording: the recording.
        measurement: the run itself.
    """

    result: BenchmarkResult
    recording: Recording
    measurement: Measurement

    @property
    def values(self) -> dict[str, Any]:
        """The figures by their keys, such as ``r2``."""
        return self.result.values

    @property
    def decoded(self) -> NDArray[np.floating[Any]]:
        """(T, O) decoded outputs of the test set, in the task's units."""
        decoded: NDArray[np.floating[Any]] = self.measurement.outputs.numpy()
        return decoded

    @property
    def true(self) -> NDArray[np.float32]:
        """(T, O) true outputs of the test set, in the task's units."""
        test = self.recording.test
        return self.recording.labels[test.start : test.stop]

    @property
    def spikes(self) -> NDArray[np.int8] | None:
        """(T, neurons) hidden spikes, 0 or 1; None of a decoder without them."""
        return None if self.measurement.spikes is None else self.measurement.spikes.numpy()

    def __repr__(self) -> str:
        return repr(self.result).replace("BenchmarkResult", "BenchmarkRun")


def benchmark(
    decoder: str | os.PathLike[str] | Checkpoint | Model,
    recording: str | os.PathLike[str] | Recording | None = None,
    *,
    name: str | None = None,
    metrics: str | Sequence[str] = CHALLENGE_METRICS,
    own_metrics: str | Metric | Sequence[str | Metric] = (),
    preprocess: str | Callable[..., Any] | Sequence[str | Callable[..., Any]] = (),
    postprocess: str | Callable[..., Any] | Sequence[str | Callable[..., Any]] = (),
    kernel: str = "auto",
    device: str = "cpu",
    per_step: bool = False,
    data: Source = "auto",
    data_dir: str | os.PathLike[str] | None = None,
    progress: bool | Callable[[Event], None] = False,
) -> BenchmarkRun:
    """Measure a decoder on the test set of a recording with NeuroBench's metrics.

    Args:
        decoder: a checkpoint or its path, the folder of a run, or any ``nn.Module``, NeuroBench's
            wrappers included; as a text such as ``my_decoder.py:build`` what makes one, whose code
            is then run.
        recording: a session's id or name such as ``I1``, a file, or a loaded recording; None for
            the session that a checkpoint was trained for.
        name: what results call a module; by default the name of its class.
        metrics: names of NeuroBench's metrics. Of these, and of what follows, one may be given by
            itself.
        own_metrics: metrics of your own: classes of NeuroBench's kinds, or texts such as
            ``my_metrics.py:Jerk``, whose code is then run.
        preprocess: what spikes go through first: NeuroBench's kind of preprocessor, as a class, a
            function or a text that names one. Results are named after it.
        postprocess: what is decoded goes through these, given and named in the same ways.
        kernel: how neurons are computed: ``auto``, ``numba`` or ``reference``.
        device: the torch device.
        per_step: call layers one step at a time, as NeuroBench's own models do: slow.
        data: real recordings or twins, see :func:`load_recording`.
        data_dir: the folder of recordings, by default the platform's.
        progress: show progress; or a function that is told of it.

    Raises:
        CheckpointError: the file cannot be used, or its decoder does not fit the recording.
        DecoderError: the module cannot be run or counted.
        DataError: the recording cannot be used.
        BenchmarkError: a metric failed, or is not exact.
        UsageError: something is unknown, or no recording was named.
    """
    settings = RunSettings(
        metrics=check_metric_names(one_or_more(metrics)),
        kernel=kernel_asked_for(kernel, device),
        device=device,
        per_step=per_step,
        own_metrics=one_or_more(own_metrics),
        preprocessors=one_or_more(preprocess),
        postprocessors=one_or_more(postprocess),
    )
    settings.own_code()  # what cannot be used is told before anything is loaded
    with told(progress) as observer:
        job = _job(decoder, recording, name, lambda each: opened(each, data, data_dir, observer))
        observer(MeasuringBegun(1, len(job.recording.test)))
        ((result, measurement),) = measure_jobs([job], settings, observer)
    if measurement is None:
        raise TypeError("one job in this process is measured with what it decodes")
    return BenchmarkRun(result, job.recording, measurement)


def _job(
    decoder: str | os.PathLike[str] | Checkpoint | Model,
    recording: str | os.PathLike[str] | Recording | None,
    name: str | None,
    open_recording: Callable[[str | os.PathLike[str] | Recording], Recording],
) -> Job:
    """The decoder and the recording, which fit each other.

    Raises:
        NbsuiteError: one of them cannot be used, or they do not fit.
    """
    checkpoint = _read(decoder)
    if checkpoint is None:
        if recording is None:
            raise UsageError("Name the recording to measure the decoder on, such as 'I1'.")
        chosen = open_recording(recording)
        job = Job(_built(decoder, name, chosen), chosen)
    elif name is not None:
        raise UsageError(f"{checkpoint.path} has a name of its own: leave out name.")
    else:
        job = Job(checkpoint, open_recording(recording or own_session(checkpoint)))
    check_fit(job.checkpoint, job.recording)
    return job


def _read(decoder: object) -> Checkpoint | None:
    """The checkpoint that is meant; None where it is not one."""
    if isinstance(decoder, Checkpoint):
        return decoder
    if not isinstance(decoder, str | os.PathLike) or _is_reference(decoder):
        return None
    return load_checkpoint(decoder)


def _is_reference(decoder: str | os.PathLike[str]) -> bool:
    return not Path(decoder).exists() and names_decoder(os.fspath(decoder))


def _built(
    decoder: str | os.PathLike[str] | Model, name: str | None, recording: Recording
) -> Checkpoint:
    """A decoder in memory, or one that is to be made, in the form in which it is measured.

    Raises:
        DecoderError: it cannot be made, run or counted.
    """
    if isinstance(decoder, str | os.PathLike):
        own = OwnDecoder(load_factory(os.fspath(decoder)), name)
        return built_for(own, recording)
    return _in_memory(decoder, name, recording)


@singledispatch
def _in_memory(model: Model, name: str | None, recording: Recording) -> Checkpoint:
    """Any module."""
    task = recording.task
    name = type(net_of(model)).__name__ if name is None else name
    spec = ModuleSpec(name, recording.channels, len(task.outputs), task.step)
    return as_checkpoint(model, spec, recording, Path(name))


@_in_memory.register
def _(decoder: Decoder, name: str | None, recording: Recording) -> Checkpoint:
    """A decoder, which is one already."""
    spec = decoder.spec if name is None else replace(decoder.spec, name=name)
    header = CheckpointHeader(spec, task=recording.task.protocol)
    return Checkpoint(Path(spec.name), header, decoder, weights_digest(decoder), in_file=False)
