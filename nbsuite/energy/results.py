"""Energy of the decoders of results: one estimate for each decoder and recording."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from statistics import fmean

from nbsuite.benchmarking.results import BenchmarkResult
from nbsuite.energy.estimate import Estimate, Target
from nbsuite.energy.recorded import workload_of
from nbsuite.energy.workload import Workload
from nbsuite.errors import EnergyError
from nbsuite.models.kinds import spec_from_json
from nbsuite.neurons.unit_work import UnitWork
from nbsuite.untrusted.fault import FormatFault


@dataclass(frozen=True)
class DecoderWorkloads:
    """What the runs of a decoder do on a recording.

    Attributes:
        model: the decoder's name.
        recording: the recording's name.
        twin: whether it is a twin.
        workloads: one a run.
    """

    model: str
    recording: str
    twin: bool
    workloads: Sequence[Workload]

    def estimate(self, target: Target) -> Estimate:
        """The mean over the runs.

        Raises:
            EnergyError: it cannot be estimated on the target.
        """
        estimates = [target.estimate(each) for each in self.workloads]

        def mean(part: str) -> float | None:
            values = [getattr(each, part) for each in estimates]
            return None if None in values else fmean(values)

        return Estimate(
            synapses=mean("synapses") or 0.0,
            weights=mean("weights"),
            neurons=mean("neurons") or 0.0,
            spikes=mean("spikes"),
            static=mean("static"),
            memory=estimates[0].memory,
            step=estimates[0].step,
        )


@dataclass(frozen=True)
class DecoderEstimate:
    """What a decoder is estimated to take on a recording and a target.

    Attributes:
        target: the target.
        model: the decoder's name.
        recording: the recording's name.
        twin: whether it is a twin.
        runs: number of runs that the estimate is the mean of.
        estimate: the estimate.
    """

    target: Target
    model: str
    recording: str
    twin: bool
    runs: int
    estimate: Estimate


def estimate_all(
    decoders: Sequence[DecoderWorkloads], targets: Sequence[Target]
) -> tuple[list[DecoderEstimate], list[str]]:
    """Estimates of all decoders on all targets, a target after the other.

    Returns:
        The estimates, and why others are not given, a sentence each.

    Raises:
        EnergyError: there is none at all.
    """
    estimates: list[DecoderEstimate] = []
    refused: dict[str, None] = {}
    for target, each in product(targets, decoders):
        estimate = _attempt(each, target)
        if isinstance(estimate, Estimate):
            estimates.append(
                DecoderEstimate(
                    target, each.model, each.recording, each.twin, len(each.workloads), estimate
                )
            )
        else:
            refused[estimate] = None
    if not estimates:
        raise EnergyError(next(iter(refused), "There are no results to estimate from; name some."))
    return estimates, list(refused)


def _attempt(decoder: DecoderWorkloads, target: Target) -> Estimate | str:
    """An estimate, or why there is none."""
    try:
        return decoder.estimate(target)
    except EnergyError as error:
        return str(error)


def decoder_workloads(results: Iterable[BenchmarkResult]) -> list[DecoderWorkloads]:
    """What decoders do, by decoder and recording.

    Raises:
        EnergyError: results do not tell it.
    """
    groups: dict[tuple[str, str], list[BenchmarkResult]] = {}
    for result in results:
        groups.setdefault((result.model, result.recording), []).append(result)
    return [
        DecoderWorkloads(model, recording, runs[0].twin, [_workload(run) for run in runs])
        for (model, recording), runs in groups.items()
    ]


def _workload(result: BenchmarkResult) -> Workload:
    run = result.provenance
    units = None
    if "unit_work" not in run.get("run", {}):  # written before runs told it
        units = _units(run.get("checkpoint", {}).get("model"), result.model)
    return workload_of(run, result.model, units)


def _units(model: object, name: str) -> UnitWork:
    """What the units of a specification do.

    Raises:
        EnergyError: it does not tell.
    """
    try:
        if not isinstance(model, dict):
            raise FormatFault("names no decoder")
        spec = spec_from_json(model)
        units = spec.unit_work() if spec.is_possible() else "has impossible sizes"
    except FormatFault as fault:
        units = str(fault)
    if isinstance(units, str):
        raise EnergyError(
            f"{name} {units}, so that its energy cannot be estimated from these results; measure it"
            " again."
        )
    return units
