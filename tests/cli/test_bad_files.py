"""Bad recordings and checkpoints on the command line: one sentence, status 1, nothing written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file, save_file

from nbsuite.cli.main import main
from nbsuite.models.checkpoint import CheckpointHeader, load_checkpoint, save_checkpoint

NAME = "indy_20990101_01.mat"


@pytest.fixture
def checkpoint(tmp_path: Path, draw_decoder: Any) -> Path:
    path = tmp_path / "decoder.safetensors"
    decoder = draw_decoder()
    save_checkpoint(path, decoder, CheckpointHeader(decoder.spec, seed=1))
    return path


def _refused(checkpoint: Path, recording: Path, folder: Path) -> str:
    arguments = ["benchmark", str(checkpoint), "-s", str(recording), "-o", str(folder)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1, result.output
    assert "Traceback" not in result.output
    assert not folder.exists()
    return result.stderr.splitlines()[-1]


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


BAD_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: path.unlink(), "does not exist"),
    "empty": (lambda path: path.write_bytes(b""), "is empty"),
    "truncated": (_truncate, "truncated|damaged|cannot be read"),
    "not HDF5": (lambda path: path.write_text("x" * 5000), "not an HDF5 file"),
}


@pytest.mark.parametrize("fault", BAD_FILES)
def test_damaged_files(tmp_path: Path, checkpoint: Path, draw_recording: Any, fault: str) -> None:
    path = draw_recording().write(tmp_path / "in" / NAME)
    spoil, message = BAD_FILES[fault]
    spoil(path)
    sentence = _refused(checkpoint, path, tmp_path / "out")
    assert str(path) in sentence
    assert any(part in sentence for part in message.split("|")), sentence


def _not_a_number(recording: Any) -> None:
    recording.cursor[0, 100] = np.nan


def _no_spikes(recording: Any) -> None:
    recording.spike_times = [[np.empty(0)] * 96]


def _constant_target(recording: Any) -> None:
    recording.target[:] = 0.0


def _lengths_that_disagree(recording: Any) -> None:
    recording.target = recording.target[:, :-5]


def _transposed(recording: Any) -> None:
    recording.cursor = recording.cursor.T


BAD_CONTENT: dict[str, tuple[Callable[[Any], None], str]] = {
    "NaN positions": (_not_a_number, "NaN or infinite positions in cursor_pos"),
    "no spikes": (_no_spikes, "holds no spikes"),
    "one segment": (_constant_target, "too few to be split"),
    "lengths": (_lengths_that_disagree, "target_pos"),
    "transposed": (_transposed, "cursor_pos"),
}


@pytest.mark.parametrize("fault", BAD_CONTENT)
def test_content_that_is_wrong(
    tmp_path: Path, checkpoint: Path, draw_recording: Any, fault: str
) -> None:
    spoil, message = BAD_CONTENT[fault]
    recording = draw_recording(units=1)
    spoil(recording)
    path = recording.write(tmp_path / "in" / NAME)
    sentence = _refused(checkpoint, path, tmp_path / "out")
    assert str(path) in sentence
    assert message in sentence


def test_a_loco_file_under_an_indy_name(
    tmp_path: Path, checkpoint: Path, draw_recording: Any
) -> None:
    path = draw_recording(channels=192, units=1).write(tmp_path / "in" / "indy_20160622_01.mat")
    assert "has 192 channels, where I1 has 96" in _refused(checkpoint, path, tmp_path / "out")


BAD_TENSORS: dict[str, tuple[Callable[[dict[str, torch.Tensor]], object], str]] = {
    "missing": (lambda tensors: tensors.pop("input.weight"), "lacks the tensor"),
    "extra": (lambda tensors: tensors.update(more=torch.zeros(1)), "unexpected tensor 'more'"),
    "shape": (lambda tensors: tensors.update({"input.weight": torch.zeros(64, 90)}), "has shape"),
    "NaN": (lambda tensors: tensors["input.weight"].fill_(torch.nan), "is not finite"),
}


@pytest.mark.parametrize("fault", BAD_TENSORS)
def test_checkpoints_that_are_wrong(
    tmp_path: Path, checkpoint: Path, tiny_recording_path: Path, fault: str
) -> None:
    header = load_checkpoint(checkpoint).header
    fields = {"format": 1, "model": header.spec.to_json(), "seed": 1}
    tensors = load_file(checkpoint)
    spoil, message = BAD_TENSORS[fault]
    spoil(tensors)
    save_file(tensors, checkpoint, {"nbsuite": json.dumps(fields)})
    sentence = _refused(checkpoint, tiny_recording_path, tmp_path / "out")
    assert str(checkpoint) in sentence
    assert message in sentence
