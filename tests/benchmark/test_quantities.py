"""The one list of what is measured, held against NeuroBench and the published formats."""

from __future__ import annotations

from typing import Any

import pytest

from nbsuite.benchmarking.metrics import NOT_APPLICABLE, STATIC_METRICS, WORKLOAD_METRICS
from nbsuite.benchmarking.quantities import (
    CHALLENGE,
    CHALLENGE_METRICS,
    METRIC_NAMES,
    QUANTITIES,
    with_operations,
)
from nbsuite.submissions.results.schema import schema

PUBLISHED = [
    "footprint",
    "connection_sparsity",
    "activation_sparsity",
    "dense",
    "macs",
    "acs",
    "r2",
]


def test_the_challenge_keeps_its_figures_and_their_order() -> None:
    assert [quantity.key for quantity in CHALLENGE] == PUBLISHED
    assert CHALLENGE_METRICS == (
        "footprint",
        "connection_sparsity",
        "activation_sparsity",
        "synaptic_operations",
        "r2",
    )


def test_every_metric_of_neurobench_is_known_or_refused() -> None:
    import neurobench.metrics.static
    import neurobench.metrics.workload

    theirs = {
        value
        for module in (neurobench.metrics.static, neurobench.metrics.workload)
        for value in vars(module).values()
        if isinstance(value, type)
    }
    ours = {*STATIC_METRICS.values(), *WORKLOAD_METRICS.values()}
    assert all(any(issubclass(own, each) for each in theirs) for own in ours)
    assert (*STATIC_METRICS, *WORKLOAD_METRICS) == METRIC_NAMES
    assert len(theirs) == len(ours) + len(NOT_APPLICABLE)


def _bounds(content: dict[str, Any]) -> tuple[float | None, float | None]:
    highest, lowest = content["maximum"], content["minimum"]
    return None if lowest == -1e15 else lowest, None if highest == 1e15 else highest


@pytest.mark.parametrize("name", ["results", "summary"])
def test_the_schemas_are_those_of_the_quantities(name: Any) -> None:
    content = schema(name) if name == "results" else schema(name)["$defs"]["means"]
    assert content["required"] == PUBLISHED
    assert list(content["properties"]) == PUBLISHED
    for quantity in CHALLENGE:
        value = content["properties"][quantity.key]
        value = value["items"] if name == "results" else value
        assert _bounds(value) == (quantity.lowest, quantity.highest), quantity.key


def test_names_are_unmistakable() -> None:
    assert all(key == quantity.key for key, quantity in QUANTITIES.items())
    shown = [each.full_name for each in QUANTITIES.values() if each.key in PUBLISHED]
    assert len(set(shown)) == len(shown)
    assert QUANTITIES["operations"].axis == "effective operations per sample (MACs + ACs)"
    assert QUANTITIES["footprint"].axis == "footprint (bytes)"


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("footprint", 21000.0, "21,000"),
        ("acs", 304.16, "304.2"),
        ("r2", 0.6604, "0.660"),
        ("mse", None, "-"),
    ],
)
def test_figures_as_tables_print_them(key: str, value: float | None, text: str) -> None:
    assert QUANTITIES[key].text(value) == text


def test_operations_are_the_sum_of_both_kinds() -> None:
    values = with_operations({"acs": 3, "mse": 1, "macs": 4})
    assert list(values.items()) == [("macs", 4.0), ("acs", 3.0), ("mse", 1.0), ("operations", 7.0)]
    assert with_operations({"acs": 3}) == {"acs": 3.0}
