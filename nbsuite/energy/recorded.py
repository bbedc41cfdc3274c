"""What a decoder does in a sample, out of the provenance of a run of the benchmark.

Provenance is read from strangers' files. Light to import: no decoder is made here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nbsuite.energy.workload import Workload
from nbsuite.errors import EnergyError, NbsuiteError
from nbsuite.neurons.unit_work import UnitWork
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.fields import decode, decode_known


@dataclass(frozen=True)
class _Figures:
    """What is needed of a run's metrics."""

    footprint: float
    connection_sparsity: float
    activation_sparsity: float
    dense: float
    macs: float
    acs: float


@dataclass(frozen=True)
class _Data:
    step: float


@dataclass(frozen=True)
class _Checkpoint:
    precision: str


def workload_of(run: Mapping[str, object], model: str, units: UnitWork | None = None) -> Workload:
    """What a run of the benchmark tells of its decoder.

    Args:
        run: its provenance.
        model: the decoder's name, for messages.
        units: what the decoder's units do, where the provenance may not tell.

    Raises:
        EnergyError: a figure is missing or impossible.
    """
    try:
        figures = decode_known(_Figures, _part(run, "metrics"))
        precision = decode_known(_Checkpoint, _part(run, "checkpoint")).precision
        step = decode_known(_Data, _part(run, "data")).step
        told = _part(run, "run").get("unit_work")
        if isinstance(told, str):
            raise EnergyError(
                f"{model} {told}, so that its energy cannot be estimated; build it of layers that"
                " docs/energy.md names."
            )
        if told is not None or units is None:
            units = decode(UnitWork, told)
    except FormatFault as fault:
        raise EnergyError(
            f"The results of {model} do not tell what an estimate needs ({fault}); measure it again"
            " with all of the challenge's metrics."
        ) from fault
    return Workload(
        model=model,
        precision=precision,
        step=step,
        units=units,
        footprint=figures.footprint,
        acs=figures.acs,
        macs=figures.macs,
        dense=figures.dense,
        connection_sparsity=figures.connection_sparsity,
        activation_sparsity=figures.activation_sparsity,
    )


def _part(run: Mapping[str, object], name: str) -> dict[str, object]:
    part = run.get(name)
    if not isinstance(part, dict):
        raise FormatFault(f"has no '{name}'")
    return part


def recorded_energy(run: Mapping[str, object]) -> float | None:
    """Nanojoules of a sample on the default target; None where the run does not tell them."""
    from nbsuite.energy.targets import DEFAULT

    try:
        return 1e9 * DEFAULT.estimate(workload_of(run, "the decoder")).total
    except NbsuiteError:
        return None
