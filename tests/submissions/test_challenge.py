from __future__ import annotations

import json
import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nbsuite.benchmarking.results import BenchmarkResult
from nbsuite.errors import ResultsError, UsageError
from nbsuite.submissions.results import challenge, summaries
from nbsuite.submissions.results.results_file import read_provenance
from nbsuite.submissions.results.schema import (
    LARGEST_RESULTS,
    fault_of,
    read_json,
    validate,
    write_json,
)

VALUES = {
    "footprint": 21000,
    "connection_sparsity": 0.5,
    "activation_sparsity": 0.98,
    "dense": 10368.0,
    "macs": 0.0,
    "acs": 300.5,
    "r2": 0.75,
}


def _result(
    seed: int | None = 1, recording: str = "indy_20160622_01", twin: bool = False, **values: Any
) -> BenchmarkResult:
    provenance = {"seed": seed, "metrics": VALUES, "checkpoint": {"weights_sha256": f"of {seed}"}}
    return BenchmarkResult("tinyRSNN", recording, twin, seed, VALUES | values, provenance)


def test_results_are_lists_in_the_order_of_the_seeds(tmp_path: Path) -> None:
    runs = [_result(3, r2=0.3), _result(None, r2=0.0), _result(1, r2=0.1), _result(2, r2=0.2)]
    path = challenge.write_results(tmp_path, runs)
    assert path.name == "results_tinyRSNN_indy_20160622_01.json"
    content = json.loads(path.read_text())
    assert list(content) == list(challenge.METRICS)
    assert content["r2"] == [0.1, 0.2, 0.3, 0.0]
    assert content["footprint"] == [21000] * 4
    provenance = json.loads(challenge.provenance_path(path).read_text())
    assert [run["seed"] for run in provenance["runs"]] == [1, 2, 3, None]
    assert provenance["twin"] is False


def test_the_summary_holds_means_over_seeds_and_sessions(tmp_path: Path) -> None:
    challenge.write_results(tmp_path, [_result(1, r2=0.5), _result(2, r2=0.7)])
    challenge.write_results(tmp_path, [_result(1, "loco_20170210_03", r2=0.2)])
    summary = read_json(summaries.write_summary(tmp_path, "tinyRSNN", twin=False), "summary")
    assert summary["indy_20160622_01"]["r2"] == pytest.approx(0.6)
    assert summary["loco_20170210_03"]["r2"] == pytest.approx(0.2)
    assert summary["average"]["r2"] == pytest.approx(0.4)


def test_twins_and_real_recordings_are_never_mixed(tmp_path: Path) -> None:
    challenge.write_results(tmp_path, [_result(r2=0.7)])
    challenge.write_results(tmp_path, [_result(1, "indy_20160622_01-twin-seed1", True, r2=0.1)])
    real = summaries.write_summary(tmp_path, "tinyRSNN", twin=False)
    twin = summaries.write_summary(tmp_path, "tinyRSNN", twin=True)
    assert twin.name == "results_summary_tinyRSNN-twin.json"
    assert list(json.loads(real.read_text())) == ["indy_20160622_01", "average"]
    assert list(json.loads(twin.read_text())) == ["indy_20160622_01-twin-seed1", "average"]
    summaries.write_summary(tmp_path, "tinyRSNN", twin=False)  # summaries are no results


def test_the_published_files_are_of_the_format(shared: Path) -> None:
    folder = shared / "published" / "zenkelab"
    files = sorted(folder.glob("results_*_*_*_*.json"))
    assert len(files) == 12
    for file in files:
        read_json(file, "results")
    for file in folder.glob("results_summary_*.json"):
        read_json(file, "summary")


@pytest.mark.parametrize(("files", "name"), [("tinyRSNN", "tinyRSNN"), ("maxR2", "bigRSNN")])
def test_the_published_summaries_come_out_of_the_published_lists(
    shared: Path, files: str, name: str
) -> None:
    folder = shared / "published" / "zenkelab"
    prefix = f"results_{files}_"
    lists = {
        path.stem.removeprefix(prefix): read_json(path, "results")
        for path in folder.glob(f"{prefix}*.json")
    }
    published = read_json(folder / f"results_summary_{name}.json", "summary")
    found = summaries.summarise(lists)
    assert found.keys() == published.keys()
    for session, values in published.items():
        assert found[session] == pytest.approx(values, rel=1e-12), session


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_values_that_are_not_finite_are_refused(tmp_path: Path, value: float) -> None:
    with pytest.raises(ResultsError, match="NaN or infinite"):
        challenge.write_results(tmp_path, [_result(r2=value)])
    assert list(tmp_path.iterdir()) == []


def test_what_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    result = _result()
    result.provenance["recipe"] = json.loads("[" * 17 + "]" * 17)
    challenge.write_results(tmp_path, [result])
    assert read_provenance(tmp_path / "results_tinyRSNN_indy_20160622_01.json")["twin"] is False
    for recipe in (json.loads("[" * 40 + "]" * 40), "x" * (9 << 20), 10**30):
        result.provenance["recipe"] = recipe
        with pytest.raises(ResultsError, match="was not written, for it"):
            challenge.write_results(tmp_path / "out", [result])
    assert not (tmp_path / "out").exists()


def test_a_missing_metric_is_refused(tmp_path: Path) -> None:
    result = _result()
    del result.values["acs"]
    with pytest.raises(ResultsError, match="needs the metric 'acs'"):
        challenge.write_results(tmp_path, [result])
    assert list(tmp_path.iterdir()) == []


def test_two_checkpoints_of_one_seed_are_refused() -> None:
    challenge.check_seeds([1, 2, None, None], "x")
    with pytest.raises(UsageError, match="Two checkpoints of seed 2"):
        challenge.check_seeds([2, 1, 2], "tinyRSNN on I1")


def test_one_set_of_weights_is_one_run() -> None:
    challenge.check_distinct_weights([(1, "a"), (2, "b"), (None, "c")], "x")
    with pytest.raises(UsageError, match="for tinyRSNN on I1, of seed 1 and seed 3, hold the same"):
        challenge.check_distinct_weights([(1, "a"), (2, "b"), (3, "a")], "tinyRSNN on I1")
    with pytest.raises(UsageError, match="no seed and no seed"):
        challenge.check_distinct_weights([(None, "a"), (None, "a")], "x")


def test_results_of_the_same_weights_are_not_written(tmp_path: Path) -> None:
    results = [_result(1), _result(2)]
    results[1].provenance["checkpoint"] = results[0].provenance["checkpoint"]
    with pytest.raises(UsageError, match="same weights"):
        challenge.write_results(tmp_path, results)
    assert list(tmp_path.iterdir()) == []


def test_existing_results_are_kept(tmp_path: Path) -> None:
    path = challenge.write_results(tmp_path, [_result()])
    with pytest.raises(ResultsError, match="exists already and is kept"):
        challenge.check_absent([tmp_path / "other.json", path])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"r2": []}, "at r2"),
        ({"r2": ["0.7"]}, r"at r2\.0"),
        ({"connection_sparsity": [1.5]}, "1.5 is greater"),
        ({"extra": [1]}, "extra"),
        ({"footprint": [-1]}, "-1 is less"),
        ({"footprint": [1e16]}, "1e[+]16 is greater"),
        ({"r2": [-1e16]}, "-1e[+]16 is less"),
    ],
)
def test_other_content_is_named(change: dict[str, Any], message: str) -> None:
    content = {metric: [value] for metric, value in VALUES.items()}
    validate(content, "results", "a.json")
    with pytest.raises(ResultsError, match=message):
        validate(content | change, "results", "a.json")


def test_of_a_long_text_that_is_wrong_little_is_quoted() -> None:
    content = {metric: [value] for metric, value in VALUES.items()}
    fault = fault_of(content | {"r2": "x" * 100_000}, "results")
    assert fault is not None
    assert fault.startswith("at r2, 'xxx")
    assert fault.endswith("is not of type 'array'")
    assert len(fault) < 300


@pytest.mark.parametrize(
    "text", ["", "{", '{"r2": [NaN]}', '{"r2": [1e999]}', '{"r2": [1], "r2": [1]}', "[" * 100_000]
)
def test_files_that_are_no_json(tmp_path: Path, text: str) -> None:
    path = tmp_path / "results_tinyRSNN_x.json"
    path.write_text(text)
    with pytest.raises(ResultsError, match=rf"{path.name} is (not valid JSON|nested more)"):
        read_json(path, "results")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="no results file"):
        read_json(tmp_path / "none.json", "results")


@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "loop", "large"])
def test_places_that_are_no_results_file(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "results_mine_indy_20160622_01.json"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path = Path("/dev/zero")
    elif kind == "loop":
        path.symlink_to(path)
    else:
        path.write_bytes(b" " * (LARGEST_RESULTS + 1))
    with pytest.raises((ResultsError, OSError), match=str(path)):
        read_json(path, "results")


NAMES_THAT_MISLEAD = [
    ("../x", "a", "no name"),
    ("a\nb", "a", "no name"),
    ("summary", "indy_20160622_01", "pass for a summary"),
    ("summary_x", "a", "pass for a summary"),
    ("x", "a/b", "separate folders"),
    ("x", "a\\b", "separate folders"),
    ("x", "a\x1b[2J", "not printable"),
    ("x", "a\udcff", "not printable"),
    ("x", "a.provenance", "pass for provenance"),
    ("x", "ä" * 100, "too long"),
]


@pytest.mark.parametrize(("model", "recording", "message"), NAMES_THAT_MISLEAD)
def test_names_that_no_file_can_have(model: str, recording: str, message: str) -> None:
    with pytest.raises(ResultsError, match=message):
        challenge.results_path(Path("results"), model, recording)


def test_recordings_of_ones_own_may_be_called_what_they_like() -> None:
    path = challenge.results_path(Path("results"), "tinyRSNN", "Zürich (2) #1")
    assert path.name == "results_tinyRSNN_Zürich (2) #1.json"


def test_nothing_is_written_where_a_link_leads(tmp_path: Path) -> None:
    outside = tmp_path / "victim.json"
    outside.write_text("kept")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "results_tinyRSNN_indy_20160622_01.provenance.json").symlink_to(outside)
    with pytest.raises(ResultsError, match="leads out of its folder"):
        challenge.write_results(folder, [_result()])
    assert outside.read_text() == "kept"
    assert len(list(folder.iterdir())) == 1


def test_the_provenance_alone_is_kept_too(tmp_path: Path) -> None:
    path = challenge.write_results(tmp_path, [_result()])
    path.unlink()
    with pytest.raises(ResultsError, match=r"provenance\.json exists already and is kept"):
        challenge.check_absent([path])


def test_a_summary_of_results_that_are_elsewhere_is_kept(tmp_path: Path) -> None:
    first = challenge.write_results(tmp_path, [_result()])
    challenge.write_results(tmp_path, [_result(1, "loco_20170210_03")])
    summaries.write_summary(tmp_path, "tinyRSNN", twin=False)
    arguments = (tmp_path, "tinyRSNN", ["indy_20160630_01"])
    summaries.check_summary(*arguments, twin=False, force=False)
    first.unlink()
    summaries.check_summary(*arguments, twin=False, force=True)
    summaries.check_summary(tmp_path, "tinyRSNN", ["indy_20160622_01"], twin=False, force=False)
    with pytest.raises(ResultsError, match="results on indy_20160622_01 that are not in"):
        summaries.check_summary(*arguments, twin=False, force=False)


def test_damaged_results_of_the_same_model_are_found_before_others_are_measured(
    tmp_path: Path,
) -> None:
    path = challenge.write_results(tmp_path, [_result()])
    path.write_text("{")
    with pytest.raises(ResultsError, match="not valid JSON"):
        summaries.check_summary(tmp_path, "tinyRSNN", ["x"], twin=False, force=True)
    summaries.check_summary(tmp_path, "tinyRSNN", ["indy_20160622_01"], twin=False, force=False)


def test_a_model_whose_name_begins_another_s_has_a_summary_of_its_own(tmp_path: Path) -> None:
    longer = _result(r2=0.1)
    longer = replace(longer, model="tinyRSNN_2")
    own = replace(longer, recording="mine")
    own.provenance["checkpoint"]["model"] = {"name": "tinyRSNN_2"}
    for result in (_result(r2=0.7), longer, own):
        challenge.write_results(tmp_path, [result])
    summary = read_json(summaries.write_summary(tmp_path, "tinyRSNN", twin=False), "summary")
    assert list(summary) == ["indy_20160622_01", "average"]
    summary = read_json(summaries.write_summary(tmp_path, "tinyRSNN_2", twin=False), "summary")
    assert list(summary) == ["indy_20160622_01", "mine", "average"]


def test_a_summary_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="holds no results of tinyRSNN on TWINS"):
        summaries.write_summary(tmp_path, "tinyRSNN", twin=True)


def test_a_full_disk_keeps_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"a": 1})

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        write_json(path, {"a": 2})
    assert json.loads(path.read_text()) == {"a": 1}
    assert list(tmp_path.iterdir()) == [path]
