from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from nbsuite.cli.main import main
from nbsuite.conversions.stork import write_stork
from nbsuite.data.folders import real_path, twin_path
from nbsuite.data.twins.generate import write_twin
from nbsuite.models.rsnn import RecurrentDecoder
from nbsuite.tasks.known import find_session
from nbsuite.training.families import model_spec

I3 = find_session("I3")


def _run(*arguments: object, status: int = 0) -> Result:
    result = CliRunner().invoke(main, ["reproduce", *map(str, arguments)])
    assert result.exit_code == status, result.output
    return result


@pytest.fixture
def short_twin(data_folder: Path) -> Path:
    """A short twin where the full-length one of I3 would lie."""
    path = twin_path(I3, data_folder)
    write_twin(I3, path, fraction=0.005)
    return path


@pytest.fixture
def random_checkpoint(tmp_path: Path) -> Path:
    """A folder with a checkpoint of random weights, which are not published ones."""
    path = tmp_path / "models" / "indy03" / "tinyRSNN-1.pth"
    path.parent.mkdir(parents=True)
    write_stork(RecurrentDecoder(model_spec("tinyRSNN", 96)).half(), path)
    return tmp_path / "models"


def test_published_checkpoints_on_twins(shared: Path, tmp_path: Path, short_twin: Path) -> None:
    folder = tmp_path / "models"
    shutil.copytree(shared / "stork_checkpoints" / "indy03", folder / "indy03")
    result = _run("--checkpoints", folder, "-o", tmp_path / "out")
    assert "REPRODUCED: 3 of 3 rows compared match" in result.stdout
    assert f"I3: its TWIN, {short_twin}" in result.stderr
    assert len(list((tmp_path / "out" / "checkpoints").glob("*.safetensors"))) == 2
    [written] = (tmp_path / "out" / "results").glob("results_tinyRSNN_*-twin-seed1.json")
    assert json.loads(written.read_text())["connection_sparsity"] == [0.5, 0.5]


def test_data_is_a_kind_of_data_as_everywhere(random_checkpoint: Path, short_twin: Path) -> None:
    result = _run("--checkpoints", random_checkpoint, "--data", "recordings", status=2)
    assert "'recordings' is not one of" in result.stderr
    assert "named with --data-dir" in result.stderr
    result = _run("--checkpoints", random_checkpoint, "--data", "real", status=1)
    assert "fetch it with `nbsuite data fetch I3`" in result.stderr


def test_other_weights_do_not_pass(random_checkpoint: Path, short_twin: Path) -> None:
    result = _run("--checkpoints", random_checkpoint, "--json", status=1)
    rows = {row["metric"]: row for row in json.loads(result.stdout)["rows"]}
    assert rows["connection_sparsity"]["verdict"] == "DIFFERS"
    assert rows["footprint"]["verdict"] == "matches"
    assert rows["r2"]["verdict"] == "not compared: TWIN"
    assert "NOT REPRODUCED: 2 of 3" in result.stderr


def test_another_file_does_not_pass_for_the_real_recording(
    random_checkpoint: Path, tmp_path: Path, draw_recording: Any
) -> None:
    impostor = draw_recording().write(real_path(I3, tmp_path / "recordings"))
    arguments = ("--checkpoints", random_checkpoint, "--data-dir", impostor.parent)
    assert f"{impostor} is damaged or not the published file" in _run(*arguments, status=1).stderr


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert "no folder of checkpoints" in _run("--checkpoints", tmp_path / "a", status=1).stderr
