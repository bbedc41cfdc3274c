"""What is measured: of each figure its metric, names, unit, direction and tolerance, in one place.

NeuroBench's metrics, tables, leaderboard, comparisons and JSON Schemas follow from ``QUANTITIES``:
another figure is another entry. Light to import, since reading results needs no torch: a metric
stands here by its name in NeuroBench.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from nbsuite.benchmarking.tolerance import EXACT, Tolerance


@dataclass(frozen=True)
class Quantity:
    """A figure that is measured, or made of several.

    Attributes:
        key: its name in JSON.
        heading: its name in tables.
        more_is_better: whether a larger value is the better one; None where it is not told.
        metric: NeuroBench's class, by its name in ``neurobench.metrics``; None where no metric of
            NeuroBench's gives the figure.
        part: which of a metric's several values it is; None for its one value.
        title: its full name, where the heading is short for it.
        unit: its unit; none for pure numbers.
        digits: digits after the point in tables; None prints whole numbers without and others
            with one.
        published_digits: the same in the tables of the publication.
        lowest: the least possible value; None where there is none.
        highest: the largest possible value.
        tolerance: by how much it may be worse than before: what another processor or library
            version may change, since spikes come close to threshold.
        rounding: relative difference that sums in another order may cause; 0 where it is exact.
        static: whether it follows from the weights alone, so that twins measure it as recordings
            do.
        scatters: whether the seeds of a decoder can differ in it.
        challenge: whether it is part of challenge-format results. All others are kept in their
            provenance.
    """

    key: str
    heading: str
    more_is_better: bool | None
    metric: str | None = None
    part: str | None = None
    title: str = ""
    unit: str = ""
    digits: int | None = None
    published_digits: int = 0
    lowest: float | None = 0.0
    highest: float | None = None
    tolerance: Tolerance = EXACT
    rounding: float = 0.0
    static: bool = False
    scatters: bool = True
    challenge: bool = False

    @property
    def metric_name(self) -> str | None:
        """The metric's name on the command line: ``synaptic_operations``."""
        return None if self.metric is None else metric_name(self.metric.rpartition(".")[2])

    @property
    def full_name(self) -> str:
        """The title, or the heading where that is short for nothing."""
        return self.title or self.heading

    @property
    def axis(self) -> str:
        """Name and unit as an axis of a picture has them."""
        name = self.full_name[0].lower() + self.full_name[1:]
        return f"{name} ({self.unit})" if self.unit else name

    def text(self, value: float | None) -> str:
        """A value as tables print it, or ``-`` for none."""
        if value is None:
            return "-"
        if self.digits is not None:
            return f"{value:,.{self.digits}f}"
        return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def metric_name(metric: str) -> str:
    """A metric's name on the command line by its class: ``R2`` is ``r2``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", metric).lower()


_PARTS_PER_THOUSAND = Tolerance(0.001, relative=True)

FOOTPRINT = Quantity(
    "footprint",
    "Footprint (B)",
    more_is_better=False,
    metric="static.Footprint",
    title="Footprint",
    unit="bytes",
    static=True,
    scatters=False,
    challenge=True,
)
CONNECTION_SPARSITY = Quantity(
    "connection_sparsity",
    "Conn. sparsity",
    more_is_better=True,
    metric="static.ConnectionSparsity",
    title="Connection Sparsity",
    digits=3,
    published_digits=2,
    highest=1.0,
    static=True,
    challenge=True,
)
ACTIVATION_SPARSITY = Quantity(
    "activation_sparsity",
    "Act. sparsity",
    more_is_better=True,
    metric="workload.ActivationSparsity",
    title="Activation Sparsity",
    digits=4,
    published_digits=4,
    highest=1.0,
    tolerance=Tolerance(0.0001),
    rounding=1e-12,  # NeuroBench's is a weighted mean over batches
    challenge=True,
)
DENSE = Quantity(
    "dense",
    "Dense",
    more_is_better=False,
    metric="workload.SynapticOperations",
    part="Dense",
    unit="per sample",
    static=True,
    scatters=False,
    challenge=True,
)
MACS = Quantity(
    "macs",
    "Eff. MACs",
    more_is_better=False,
    metric="workload.SynapticOperations",
    part="Effective_MACs",
    unit="per sample",
    tolerance=_PARTS_PER_THOUSAND,
    challenge=True,
)
ACS = Quantity(
    "acs",
    "Eff. ACs",
    more_is_better=False,
    metric="workload.SynapticOperations",
    part="Effective_ACs",
    unit="per sample",
    tolerance=_PARTS_PER_THOUSAND,
    challenge=True,
)
R2 = Quantity(
    "r2",
    "R2",
    more_is_better=True,
    metric="workload.R2",
    digits=3,
    published_digits=3,
    lowest=None,
    highest=1.0,
    tolerance=Tolerance(0.001),
    rounding=1e-6,
    challenge=True,
)
OPERATIONS = Quantity(
    "operations",
    "Eff. operations",
    more_is_better=False,
    title="Effective operations per sample",
    unit="MACs + ACs",
)
"""Effective operations per sample, MACs and ACs counted alike."""
PARAMETER_COUNT = Quantity(
    "parameter_count",
    "Parameters",
    more_is_better=False,
    metric="static.ParameterCount",
    static=True,
    scatters=False,
)
MSE = Quantity(
    "mse",
    "MSE",
    more_is_better=False,
    metric="workload.MSE",
    digits=5,
    published_digits=5,
    tolerance=_PARTS_PER_THOUSAND,
    rounding=1e-6,
)
SMAPE = Quantity(
    "smape",
    "SMAPE (%)",
    more_is_better=False,
    metric="workload.SMAPE",
    title="SMAPE",
    unit="%",
    digits=2,
    published_digits=2,
    highest=200.0,
    tolerance=_PARTS_PER_THOUSAND,
    rounding=1e-6,
)
ACTIVATION_SPARSITY_BY_LAYER = Quantity(
    "activation_sparsity_by_layer",
    "Act. sparsity",
    more_is_better=True,
    metric="workload.ActivationSparsityByLayer",
    title="Activation Sparsity",
    digits=4,
    published_digits=4,
    highest=1.0,
    tolerance=Tolerance(0.0001),
)
"""A value a layer, by the layer's name."""
LOOKAHEAD = Quantity(
    "lookahead",
    "Lookahead (ms)",
    more_is_better=False,
    title="Lookahead",
    unit="ms",
    digits=0,
    scatters=False,
)
"""How far the decoder, with what stands around it, looks ahead: measured in every run."""
DELAY = Quantity(
    "delay",
    "Delay (ms)",
    more_is_better=False,
    title="Delay",
    unit="ms",
    digits=0,
    scatters=False,
)
"""From an input sample to the first output that it changes: measured in every run."""
RATE = Quantity(
    "execution_rate",
    "Rate (Hz)",
    more_is_better=None,
    title="Execution rate",
    unit="Hz",
    digits=0,
    scatters=False,
)
"""Outputs a second, one for each sample: the execution rate that NeuroBench asks for."""
ENERGY = Quantity(
    "energy",
    "Energy (nJ, 45 nm CMOS, est.)",
    more_is_better=False,
    title="Energy a sample in nJ, estimated for 45 nm CMOS",
    digits=2,
    published_digits=2,
    tolerance=_PARTS_PER_THOUSAND,
    rounding=1e-9,
)
"""An estimate, worked out of a run's other figures; see ``nbsuite.energy``."""
TIMING = (LOOKAHEAD, DELAY, RATE)
"""What is told of every run whatever metrics are asked for."""

QUANTITIES: Mapping[str, Quantity] = {
    quantity.key: quantity
    for quantity in (
        FOOTPRINT,
        CONNECTION_SPARSITY,
        ACTIVATION_SPARSITY,
        DENSE,
        MACS,
        ACS,
        R2,
        OPERATIONS,
        PARAMETER_COUNT,
        MSE,
        SMAPE,
        ACTIVATION_SPARSITY_BY_LAYER,
        *TIMING,
        ENERGY,
    )
}
CHALLENGE = tuple(each for each in QUANTITIES.values() if each.challenge)
"""The figures of the challenge, in the order of its files."""

METRIC_NAMES = tuple(
    dict.fromkeys(
        name
        for package in ("static", "workload")
        for each in QUANTITIES.values()
        if each.metric is not None
        and each.metric.startswith(package)
        and (name := each.metric_name) is not None
    )
)
"""NeuroBench's metrics by their names on the command line, in the order in which it runs them."""
CHALLENGE_METRICS = tuple(
    name for name in METRIC_NAMES if any(each.metric_name == name for each in CHALLENGE)
)

Values = Mapping[str, float]
"""Figures by key; what is not known is left out."""


def with_operations(values: Values) -> dict[str, float]:
    """Known figures, those of the challenge first, in its order, and effective operations."""
    first = [each.key for each in CHALLENGE if each.key in values]
    known = {key: float(values[key]) for key in dict.fromkeys([*first, *values])}
    if MACS.key in known and ACS.key in known:
        known[OPERATIONS.key] = known[MACS.key] + known[ACS.key]
    return known


def quantity_named(key: str) -> Quantity:
    """The figure of that key; of one that no entry knows, what can be said without one.

    Of a metric with a value a part, such as a layer, ``metric.part`` is that of the part.
    """
    if key in QUANTITIES:
        return QUANTITIES[key]
    metric, _, part = key.partition(".")
    if part and metric in QUANTITIES:
        whole = QUANTITIES[metric]
        return replace(
            whole,
            key=key,
            part=part,
            heading=f"{whole.heading} {part}",
            title=f"{whole.full_name} {part}",
        )
    return Quantity(key, key, more_is_better=None)
