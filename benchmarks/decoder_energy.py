"""Energy that published decoders would take a step, estimated by ``nbsuite.energy``.

Their figures are those published for the real recordings, means over the six sessions; what their
units do is that of a decoder with as many channels as there are on average.
"""

from __future__ import annotations

from statistics import fmean

from scaling_tables import TextTable

from nbsuite.energy.estimate import Target
from nbsuite.energy.targets import TARGETS
from nbsuite.energy.workload import Workload
from nbsuite.errors import EnergyError
from nbsuite.models.baselines.spec import BASELINE_NAMES, BaselineSpec
from nbsuite.submissions.results.published import PublishedMethod, published_methods
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING
from nbsuite.training.families import FAMILIES, model_spec

HALVED = ("tinyRSNN",)
"""Published in half precision."""
CHANNELS = round(fmean(session.channels for session in PRIMATE_REACHING.sessions))


def published_workload(method: PublishedMethod) -> Workload:
    """What a published decoder does in a step."""
    name, means = method.method, method.means
    spec = model_spec(name, CHANNELS) if name in FAMILIES else BaselineSpec(name, CHANNELS)
    return Workload(
        model=name,
        precision="float16" if name in HALVED else "float32",
        step=spec.step,
        footprint=means["footprint"],
        acs=means["acs"],
        macs=means["macs"],
        dense=means["dense"],
        connection_sparsity=means["connection_sparsity"],
        activation_sparsity=means["activation_sparsity"],
        units=spec.unit_work(),
    )


def _nanojoules(joules: float | None) -> str:
    """Two digits, as many as the assumptions carry."""
    return "-" if joules is None else f"{float(f'{1e9 * joules:.2g}'):,g}"


def _total(target: Target, workload: Workload) -> str:
    try:
        return _nanojoules(target.estimate(workload).total)
    except EnergyError:
        return "-"


def decoder_energy_table() -> TextTable:
    """Published decoders, the most accurate first."""
    rows = []
    for method in published_methods():
        if method.method not in (*FAMILIES, *BASELINE_NAMES):
            continue
        workload = published_workload(method)
        parts = TARGETS["cmos45"].estimate(workload)
        counts = [f"{workload.acs:,.0f}", f"{workload.macs:,.0f}"]
        into = [_nanojoules(each) for each in (parts.synapses, parts.weights, parts.neurons)]
        totals = [_total(target, workload) for target in TARGETS.values()]
        first = [method.method, f"{method.means['r2']:.3f}", str(workload.bits)]
        rows.append([*first, *counts, *into, *totals])
    columns = ["decoder", "R2", "bits", "ACs", "MACs", "synapses", "weights", "neurons"]
    return TextTable([*columns, "45 nm CMOS", "Cortex-M4", "Loihi"], rows)
