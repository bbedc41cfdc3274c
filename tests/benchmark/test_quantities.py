"""The one list of what is measured, held against NeuroBench and the published formats."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
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
from tests.submissions.results_files import write_lists, write_provenance

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


ANOTHER_ENTRY = """
import sys
from importlib.util import find_spec, module_from_spec

name = "nbsuite.benchmarking.quantities"
spec = find_spec(name)
source = open(spec.origin, encoding="utf-8").read()
entry = "Quantity('chip_area', 'Area', more_is_better=False, metric='static.ChipArea', digits=1)"
last = "        ENERGY,\\n"
changed = source.replace(last, f"{last}        {entry},\\n")
assert changed != source
sys.modules[name] = module = module_from_spec(spec)
exec(compile(changed, spec.origin, "exec"), vars(module))

from pathlib import Path
from nbsuite.submissions.results.columns import choose_columns
from nbsuite.submissions.results.compare import compare_results
from nbsuite.submissions.results.folder import read_results
from nbsuite.submissions.results.tolerances import parse_tolerances
from nbsuite.submissions.tables.entries import own_entries
from nbsuite.submissions.tables.leaderboard import rank
from nbsuite.submissions.tables.leaderboard_table import leaderboard_table
from nbsuite.submissions.tables.published_tables import demand_table

folder = Path(sys.argv[1])
models = read_results(folder).real
[area] = choose_columns("chip_area", {})
board = leaderboard_table(rank(own_entries(models), session="I1", sort="chip_area"), [area])
table = demand_table(models, [area])
compared = compare_results(folder, folder, parse_tolerances(["chip_area=5%"]), "chip_area")
assert "chip_area" in module.METRIC_NAMES
assert "torch" not in sys.modules
for heading in [*(c.heading for c in board.columns), *(c.heading for c in table.columns)]:
    print(heading)
print(compared.changes[0].figure.key, compared.changes[0].old, compared.changes[0].verdict.value)
"""


def test_another_figure_is_another_entry_and_nothing_else(tmp_path: Path) -> None:
    path = write_lists(tmp_path)
    write_provenance(path, [{"chip_area": 2.0}, {"chip_area": 4.0}])
    finished = subprocess.run(
        [sys.executable, "-c", ANOTHER_ENTRY, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    lines = finished.stdout.splitlines()
    assert lines.count("Area") == 2
    assert lines[-1] == "chip_area 3.0 same"
