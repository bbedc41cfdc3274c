from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsuite.benchmarking.quantities import QUANTITIES, R2
from nbsuite.benchmarking.tolerance import Tolerance
from nbsuite.errors import ResultsError, UsageError
from nbsuite.submissions.results.challenge import METRICS, provenance_path
from nbsuite.submissions.results.changes import Comparison, Verdict
from nbsuite.submissions.results.compare import compare_results
from nbsuite.submissions.results.formats import records
from nbsuite.submissions.results.tolerances import parse_tolerances
from nbsuite.submissions.tables.comparison import comparison_table
from tests.submissions.results_files import NAMES, VALUES, write_lists, write_six

EXACT = dict.fromkeys(METRICS, Tolerance(0.0))
BETTER = {"r2": 1, "connection_sparsity": 1, "activation_sparsity": 1}


def _compared(
    tmp_path: Path,
    old: dict[str, list[float]],
    new: dict[str, list[float]],
    **tolerances: Tolerance,
) -> Comparison:
    write_lists(tmp_path / "old", **old)
    write_lists(tmp_path / "new", **new)
    return compare_results(tmp_path / "old", tmp_path / "new", EXACT | tolerances)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("step", [0.05, -0.05])
def test_each_metric_knows_its_better_direction(tmp_path: Path, metric: str, step: float) -> None:
    changed = (
        {metric: [VALUES[metric] + 1 + step]}
        if metric in ("macs", "acs")
        else {metric: [VALUES[metric] + step]}
    )
    start = {metric: [VALUES[metric] + 1]} if metric in ("macs", "acs") else {}
    one = {name: [value] for name, value in VALUES.items()}
    comparison = _compared(tmp_path, one | start, one | changed)
    [change] = [each for each in comparison.changes if each.verdict is not Verdict.SAME]
    assert change.figure is QUANTITIES[metric]
    improved = step * BETTER.get(metric, -1) > 0
    assert change.verdict is (Verdict.BETTER if improved else Verdict.WORSE)
    assert len(comparison.regressions) == (0 if improved else 1)


def test_means_over_seeds_are_compared(tmp_path: Path) -> None:
    comparison = _compared(tmp_path, {"r2": [0.5, 0.7]}, {"r2": [0.7, 0.5]})
    assert comparison.regressions == []


@given(st.floats(0.01, 0.99), st.floats(0, 0.5), st.floats(0, 0.5))
def test_tolerances_decide(old: float, loss: float, amount: float) -> None:
    from nbsuite.submissions.results.changes import judge

    new = old - loss
    absolute = judge(R2, old, new, Tolerance(amount))
    relative = judge(R2, old, new, Tolerance(amount, relative=True))
    assert (absolute is Verdict.WORSE) == (old - new > amount)
    assert (relative is Verdict.WORSE) == (old - new > amount * old)


def test_missing_and_new_results_are_named(tmp_path: Path) -> None:
    write_six(tmp_path / "old")
    write_lists(tmp_path / "new", recording=NAMES[0])
    write_lists(tmp_path / "new", "another")
    comparison = compare_results(tmp_path / "old", tmp_path / "new", EXACT)
    assert [each.results for each in comparison.regressions] == [f"mine_{n}" for n in NAMES[1:]]
    assert {each.verdict for each in comparison.regressions} == {Verdict.MISSING}
    rows = records(comparison_table(comparison))
    assert {"results": f"another_{NAMES[0]}", "verdict": "new"}.items() <= rows[-1].items()


def test_two_files_are_compared_whatever_they_are_called(tmp_path: Path) -> None:
    old = write_lists(tmp_path / "old", "before", NAMES[0], r2=[0.5, 0.5])
    new = old.with_name("after.json")
    new.write_text(old.read_text())
    assert compare_results(old, new, EXACT).regressions == []


def test_seeds_and_recordings_that_differ_are_remarked(tmp_path: Path) -> None:
    for folder, digest in (("old", "aa"), ("new", "bb")):
        path = write_lists(tmp_path / folder, seeds=2 if folder == "old" else 3)
        run = {"data": {"sha256": digest}}
        provenance_path(path).write_text(json.dumps({"twin": False, "runs": [run]}))
    remarks = " ".join(compare_results(tmp_path / "old", tmp_path / "new", EXACT).remarks)
    assert "means over 2 seeds, the new 3" in remarks
    assert "different recordings" in remarks


@pytest.mark.parametrize(
    "content", ['{"runs": 3}', '{"runs": [1, {"data": 2}, {"data": {"sha256": 1}}]}']
)
def test_foreign_provenance_is_no_obstacle(tmp_path: Path, content: str) -> None:
    for folder in ("old", "new"):
        provenance_path(write_lists(tmp_path / folder)).write_text(content)
    assert compare_results(tmp_path / "old", tmp_path / "new", EXACT).remarks == []


def test_what_cannot_be_compared(tmp_path: Path) -> None:
    real = write_lists(tmp_path / "a")
    twin = write_lists(tmp_path / "b", recording=f"{NAMES[0]}-twin-seed1")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="one is about a twin"):
        compare_results(real, twin, EXACT)
    with pytest.raises(UsageError, match="a file and a folder"):
        compare_results(real, tmp_path / "b", EXACT)
    with pytest.raises(ResultsError, match="no results in challenge format"):
        compare_results(tmp_path / "a", tmp_path / "empty", EXACT)
    with pytest.raises(ResultsError, match="no results at"):
        compare_results(tmp_path / "a", tmp_path / "none", EXACT)


def test_tolerances_are_read() -> None:
    found = parse_tolerances(["r2=0.01", "acs = 5 %", "footprint=1e-3"])
    assert found["r2"] == Tolerance(0.01)
    assert found["acs"] == Tolerance(0.05, relative=True)
    assert found["footprint"] == Tolerance(0.001)
    assert set(found) == {"r2", "acs", "footprint"}
    for text in {str(each.tolerance) for each in QUANTITIES.values()}:
        assert str(parse_tolerances([f"r2={text}"])["r2"]) == text


@pytest.mark.parametrize(
    "text", ["r2", "r2=", "r2=-1", "r2=nan", "r2=.", "r2=1.2.3", "=1", "r2=1%%"]
)
def test_other_tolerances_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no tolerance"):
        parse_tolerances([text])


def test_a_tolerance_of_no_metric(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no figure 'r3' to tolerate; did you mean r2\?"):
        _compared(tmp_path, {}, {}, r3=Tolerance(1.0))


def test_comparing_nothing_is_no_success(tmp_path: Path) -> None:
    for side in ("a", "b"):
        write_lists(tmp_path / side, "mine", "indy_20160622_01")
    with pytest.raises(UsageError, match="None of these results has mse or smape, so that nothing"):
        compare_results(tmp_path / "a", tmp_path / "b", {}, "mse,smape")
