"""``nbsuite convert neurobench``, and what other commands make of what it writes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result

from nbsuite.cli.main import main
from nbsuite.models.checkpoint import load_checkpoint
from tests.models.random_decoders import random_decoder


def nbsuite(*arguments: object, status: int = 0) -> Result:
    result = CliRunner().invoke(main, [*map(str, arguments)])
    assert result.exit_code == status, result.output
    return result


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A folder laid out as NeuroBench's, with the files of one session."""
    for name in ("2D_ANN_Weight", "3D_ANN_Weight"):
        path = tmp_path / name / "indy_20160622_01_model_state_dict.pth"
        path.parent.mkdir()
        torch.save(random_decoder(f"ANN{name[:2]}", 96).state_dict(), path)
    state = {"epoch": 13, "model_state_dict": random_decoder("SNN2", 96).state_dict()}
    torch.save(state, tmp_path / "SNN2_indy_20160622_01.pt")
    return tmp_path


def test_writes_beside_the_input(weights: Path) -> None:
    result = nbsuite("convert", "neurobench", weights / "SNN2_indy_20160622_01.pt")
    assert "(SNN2, 96 channels, float32, session indy_20160622_01, seed unknown)" in result.stdout
    header = load_checkpoint(weights / "SNN2_indy_20160622_01.safetensors").header
    assert header.session == "indy_20160622_01"


def test_names_files_after_model_and_session(weights: Path) -> None:
    files = [*weights.rglob("*.pt"), *weights.rglob("*.pth")]
    result = nbsuite("convert", "neurobench", *files, "-o", weights / "out", "--json")
    assert {row["model"] for row in json.loads(result.stdout)} == {"SNN2", "ANN2D", "ANN3D"}
    assert sorted(path.name for path in (weights / "out").iterdir()) == [
        "ANN2D_indy_20160622_01.safetensors",
        "ANN3D_indy_20160622_01.safetensors",
        "SNN2_indy_20160622_01.safetensors",
    ]
    again = nbsuite("convert", "neurobench", *files, "-o", weights / "out", status=1)
    assert "exists already" in again.stderr


def test_nothing_is_written_when_one_input_is_bad(weights: Path) -> None:
    bad = weights / "bad.pt"
    bad.write_bytes(b"no weights")
    good = weights / "SNN2_indy_20160622_01.pt"
    assert "not a PyTorch file" in nbsuite("convert", "neurobench", good, bad, status=1).stderr
    assert not list(weights.glob("*.safetensors"))
    unknown = nbsuite("convert", "neurobench", good, "--session", "I9", status=2)
    assert "no session 'I9'" in unknown.stderr


def test_what_is_converted_is_benchmarked_and_drawn(
    weights: Path, tiny_recording_path: Path, tmp_path: Path
) -> None:
    recording = Path(shutil.copy(tiny_recording_path, tmp_path / tiny_recording_path.name))
    file = weights / "2D_ANN_Weight" / "indy_20160622_01_model_state_dict.pth"
    nbsuite("convert", "neurobench", file, "-o", "ann.safetensors")
    arguments = ["benchmark", "ann.safetensors", "-s", recording, "-o", "out", "--json"]
    answer: Any = json.loads(nbsuite(*arguments, "--plot", "ann.png").stdout)
    [result] = answer["results"]
    assert (result["model"], result["values"]["footprint"]) == ("ANN2D", 20_824)
    assert result["run"]["kernel"] == "vectorised"
    assert Path("ann.png").stat().st_size > 10_000
    verified = nbsuite("benchmark", "ann.safetensors", "-s", recording, "--verify", 60, "--json")
    assert all(row["agrees"] for row in json.loads(verified.stdout))


@pytest.mark.parametrize(
    ("command", "message"),
    [("to-stork", "cannot be converted to stork"), ("stock", "cannot be exported to stock")],
)
def test_other_formats_take_recurrent_decoders_only(
    weights: Path, command: str, message: str
) -> None:
    file = weights / "SNN2_indy_20160622_01.pt"
    nbsuite("convert", "neurobench", file)
    checkpoint = file.with_suffix(".safetensors")
    result = nbsuite("convert", command, checkpoint, "-o", weights / "new", status=1)
    assert message in result.stderr
    assert not (weights / "new").exists()
