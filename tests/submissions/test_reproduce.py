from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsuite.benchmarking.results import BenchmarkResult
from nbsuite.benchmarking.tolerance import Tolerance
from nbsuite.conversions.stork import write_stork
from nbsuite.errors import ConversionError, ResultsError, UsageError
from nbsuite.models.checkpoint import load_checkpoint
from nbsuite.models.rsnn import RecurrentDecoder
from nbsuite.submissions.results.published import published_runs
from nbsuite.submissions.results.reproduce import (
    Verdict,
    compare_with_published,
    contains,
    convert_found,
    holds,
    reproduction_table,
    summary,
)
from nbsuite.training.families import model_spec
from tests.submissions.results_files import NAMES

STATIC = {"footprint", "dense", "connection_sparsity"}


def _result(run: int, *, twin: bool = False, **changes: Any) -> BenchmarkResult:
    """The published figures of a run of tinyRSNN on I1, with changes."""
    lists = published_runs()["tinyRSNN"]["I1"]
    values = {metric: lists[metric][run] for metric in lists} | changes
    name = NAMES[0] + ("-twin-seed1" if twin else "")
    return BenchmarkResult("tinyRSNN", name, twin, run, values, {})


def test_published_figures_hold_in_any_order_of_the_seeds() -> None:
    rows = compare_with_published([_result(3), _result(0)])
    assert {row.verdict for row in rows} == {Verdict.MATCHES}
    assert len(rows) == 7
    assert holds(rows)
    assert summary(rows).startswith("REPRODUCED: 7 of 7 rows compared match.")


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("footprint", 21004),
        ("dense", 10369.0),
        ("connection_sparsity", 0.4499),
        ("r2", 0.74),
        ("acs", 290.0),
        ("activation_sparsity", 0.98),
        ("macs", 1.0),
    ],
)
def test_a_figure_that_differs_is_found(metric: str, value: float) -> None:
    rows = compare_with_published([_result(0), _result(1, **{metric: value})])
    assert [row.metric for row in rows if row.verdict is Verdict.DIFFERS] == [metric]
    assert not holds(rows)
    assert summary(rows).startswith("NOT REPRODUCED: 6 of 7 rows compared match.")


def test_more_of_a_value_than_were_published() -> None:
    rows = compare_with_published([_result(number, connection_sparsity=0.5) for number in range(3)])
    assert [row.metric for row in rows if row.verdict is Verdict.DIFFERS] == ["connection_sparsity"]


def test_on_twins_only_static_metrics_are_compared() -> None:
    rows = compare_with_published([_result(0, twin=True, r2=-0.5, acs=1.0)])
    assert {row.metric for row in rows if row.verdict is Verdict.MATCHES} == STATIC
    assert {row.verdict for row in rows if row.metric not in STATIC} == {Verdict.TWIN}
    assert holds(rows)
    assert "4 were measured on TWINS" in summary(rows)


def test_nothing_compared_is_nothing_reproduced() -> None:
    assert not holds([])


@given(
    st.lists(st.integers(0, 8), min_size=1, max_size=5),
    st.lists(st.integers(0, 8), max_size=4),
    st.integers(0, 2),
)
def test_matching_is_that_of_the_best_assignment(
    published: list[int], measured: list[int], tolerance: int
) -> None:
    possible = len(measured) <= len(published) and any(
        all(abs(one - other) <= tolerance for one, other in zip(measured, chosen, strict=True))
        for chosen in permutations(published, len(measured))
    )
    assert contains(published, measured, Tolerance(tolerance)) == possible


def test_the_table_shows_equal_values_once() -> None:
    table = reproduction_table(compare_with_published([_result(0), _result(1)]))
    texts = {row[2].text: [cell.text for cell in row] for row in table.rows}
    assert texts["footprint"][3:] == ["21,000 x5", "21,000 x2", "matches"]
    assert texts["connection_sparsity"][3] == "0.4498 x3, 0.5000 x2"
    assert table.notes[0].startswith("REPRODUCED")


def _write(path: Path, seed: int = 0) -> Path:
    import torch

    decoder = RecurrentDecoder(model_spec("tinyRSNN", 96)).half()
    with torch.no_grad():
        decoder.input.weight.fill_(float(seed))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_stork(decoder, path)
    return path


def test_all_checkpoints_are_converted(tmp_path: Path) -> None:
    for seed in (1, 2):
        _write(tmp_path / "models" / "indy02" / f"tinyRSNN-{seed}.pth", seed)
    stray = _write(tmp_path / "models" / "stray.pth")
    converted, left_out = convert_found(tmp_path / "models", tmp_path / "out")
    assert left_out == [stray]
    assert list(converted) == [NAMES[1]]
    headers = [load_checkpoint(path).header for path in converted[NAMES[1]]]
    assert [(header.session, header.seed) for header in headers] == [(NAMES[1], 1), (NAMES[1], 2)]


def test_folders_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="no stork checkpoint laid out as published"):
        convert_found(tmp_path, tmp_path / "out")
    path = _write(tmp_path / "indy02" / "tinyRSNN-1.pth")
    copy = tmp_path / "copy" / "indy02" / path.name
    copy.parent.mkdir(parents=True)
    copy.write_bytes(path.read_bytes())
    with pytest.raises(UsageError, match="Two checkpoints of seed 1"):
        convert_found(tmp_path, tmp_path / "out")
    other_seed = copy.rename(copy.with_name("tinyRSNN-2.pth"))
    with pytest.raises(UsageError, match="hold the same weights"):
        convert_found(tmp_path, tmp_path / "out")
    copy = other_seed
    copy.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ConversionError, match="copy"):
        convert_found(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_published_static_figures_come_out(shared: Path, tmp_path: Path) -> None:
    """All but running them: footprint, dense operations and sparsity follow from the weights."""
    converted, left_out = convert_found(shared / "stork_checkpoints", tmp_path)
    assert [path.name for path in left_out] == ["bigRSNN-random-loco.pth"]
    assert {name: len(paths) for name, paths in converted.items()} == dict.fromkeys(NAMES, 2)
    results = [
        BenchmarkResult("tinyRSNN", f"{name}-twin-seed1", True, None, _static(path), {})
        for name, paths in converted.items()
        for path in paths
    ]
    rows = [row for row in compare_with_published(results) if row.metric in STATIC]
    assert len(rows) == 18
    assert {row.verdict for row in rows} == {Verdict.MATCHES}


def _static(path: Path) -> dict[str, float]:
    """Static figures counted from the tensors themselves; what depends on a recording as 0."""
    decoder = load_checkpoint(path).decoder
    tensors = [*decoder.parameters(), *decoder.buffers()]
    weights = [value for name, value in decoder.named_parameters() if name.endswith("weight")]
    count = sum(value.numel() for value in weights)
    zeros = sum(int((value == 0).sum()) for value in weights)
    return {
        "footprint": sum(value.numel() * value.element_size() for value in tensors),
        "dense": count,
        "connection_sparsity": round(zeros / count, 4),
        "activation_sparsity": 0.0,
        "macs": 0.0,
        "acs": 0.0,
        "r2": 0.0,
    }
