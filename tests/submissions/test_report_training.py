from __future__ import annotations

import json
from pathlib import Path

import pytest

from nbsuite.errors import TrainingError
from nbsuite.submissions.report.page import Data, PageTable, Paragraph
from nbsuite.submissions.report.training import read_stages, training_section
from nbsuite.training.log import LOG_NAME
from nbsuite.training.run_folder import RECORD_NAME, WEIGHTS_NAME
from nbsuite.training.stage_file import json_digest
from tests.submissions.report_inputs import write_stage
from tests.submissions.results_files import NAMES


def _stage_folder(runs: Path) -> Path:
    return next(runs.rglob(RECORD_NAME)).parent


def _change_record(path: Path, change: dict[str, object]) -> None:
    """Change a record as an earlier version would have written it: under no checksum."""
    content = json.loads(path.read_text()) | change
    del content["checksum"]
    content["digest"] = json_digest(content["identity"])
    path.write_text(json.dumps(content))


def test_a_stage_as_it_was_left(tmp_path: Path) -> None:
    (stage,) = read_stages(write_stage(tmp_path))
    assert (stage.stage, stage.model, stage.seed, stage.loss) == ("prune", "tinyRSNN", 1, "rmse")
    assert stage.title == "tinyRSNN seed 1, prune on I1"
    assert [line["epoch"] for line in stage.lines] == [1, 2]
    assert stage.is_twin(())


def test_a_twin_is_known_by_its_digest_where_its_name_was_changed(tmp_path: Path) -> None:
    (stage,) = read_stages(write_stage(tmp_path, recording=NAMES[0]))
    assert not stage.is_twin(())
    assert stage.is_twin({"ef" * 32})
    table = training_section([stage], {"ef" * 32}).blocks[0]
    assert isinstance(table, PageTable)
    assert table.data is Data.TWIN


def test_unfinished_stages_are_left_out(tmp_path: Path) -> None:
    write_stage(tmp_path)
    write_stage(tmp_path, recording=NAMES[1])
    (tmp_path / f"run-{NAMES[1]}" / "prune" / WEIGHTS_NAME).write_bytes(b"other")
    assert len(read_stages(tmp_path)) == 1


def test_a_folder_without_training(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="holds no finished training"):
        read_stages(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"identity": {}},
        {"identity": []},
        {"summary": []},
        {"summary": {"trials": [{}]}},
        {"summary": {"trials": 1}},
        {"summary": {"trials": [], "sparsity": None, "unpruned_train_r2": 0.5}},
        {"summary": {"trials": [], "sparsity": 0.4, "unpruned_train_r2": float("inf")}},
    ],
)
def test_a_damaged_record(tmp_path: Path, change: dict[str, object]) -> None:
    path = _stage_folder(write_stage(tmp_path)) / RECORD_NAME
    _change_record(path, change)
    with pytest.raises(TrainingError, match="is not as `nbsuite train` left it"):
        read_stages(tmp_path)


@pytest.mark.parametrize("key", ["stage", "model", "seed", "recipe", "data"])
@pytest.mark.parametrize("value", [None, {"loss": {"name": "none"}}, [["a"]], float("inf")])
def test_a_damaged_identity(tmp_path: Path, key: str, value: object) -> None:
    path = _stage_folder(write_stage(tmp_path)) / RECORD_NAME
    _change_record(path, {"identity": json.loads(path.read_text())["identity"] | {key: value}})
    with pytest.raises(TrainingError, match="is not as `nbsuite train` left it"):
        read_stages(tmp_path)


def test_a_log_of_a_stage_without_loss(tmp_path: Path) -> None:
    path = _stage_folder(write_stage(tmp_path)) / RECORD_NAME
    identity = json.loads(path.read_text())["identity"]
    del identity["recipe"]["loss"]
    _change_record(path, {"identity": identity})
    with pytest.raises(TrainingError, match="but no loss"):
        read_stages(tmp_path)


@pytest.mark.parametrize("sparsity", [None, "0.4", []])
def test_a_log_whose_sparsity_is_none(tmp_path: Path, sparsity: object) -> None:
    path = _stage_folder(write_stage(tmp_path)) / LOG_NAME
    first, second = map(json.loads, path.read_text().splitlines())
    path.write_text(f"{json.dumps(first)}\n{json.dumps(second | {'sparsity': sparsity})}\n")
    with pytest.raises(TrainingError, match="is not as `nbsuite train` left it"):
        read_stages(tmp_path)


def test_of_very_many_stages_some_are_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nbsuite.submissions.report.training._MOST_DRAWN", 0)
    blocks = training_section(read_stages(write_stage(tmp_path)), ()).blocks
    assert blocks[1:] == [Paragraph("The curves of 1 more are left out.")]


@pytest.mark.parametrize(
    "log", ["{", "[]\n", "{}\n", '{"epoch": "x"}\n', "\xff", '{"epoch": NaN}\n']
)
def test_a_damaged_log(tmp_path: Path, log: str) -> None:
    (_stage_folder(write_stage(tmp_path)) / LOG_NAME).write_text(log, encoding="latin-1")
    with pytest.raises(TrainingError, match="is not as `nbsuite train` left it"):
        read_stages(tmp_path)
