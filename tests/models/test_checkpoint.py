from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from nbsuite.errors import CheckpointError
from nbsuite.models.checkpoint import (
    CheckpointHeader,
    load_checkpoint,
    save_checkpoint,
    weights_digest,
)
from nbsuite.models.training_data import TrainingData

Tensors = dict[str, torch.Tensor]


@pytest.fixture
def checkpoint(tmp_path: Path, draw_decoder: Any) -> Path:
    path = tmp_path / "tiny.safetensors"
    decoder = draw_decoder(dtype="float16")
    save_checkpoint(path, decoder, CheckpointHeader(decoder.spec, "indy_20160622_01", 3))
    return path


def _header(path: Path) -> dict[str, Any]:
    length = int.from_bytes(path.read_bytes()[:8], "little")
    fields: dict[str, Any] = json.loads(
        json.loads(path.read_bytes()[8 : 8 + length])["__metadata__"]["nbsuite"]
    )
    return fields


def _rewrite(
    path: Path,
    tensors: Callable[[Tensors], object] = lambda _: None,
    header: Callable[[dict[str, Any]], object] = lambda _: None,
) -> None:
    stored, fields = load_file(path), _header(path)
    tensors(stored)
    header(fields)
    save_file(stored, path, {"nbsuite": json.dumps(fields)})


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_checkpoint_comes_back_as_it_was(
    tmp_path: Path, draw_decoder: Any, twin_trained: TrainingData, dtype: str
) -> None:
    decoder = draw_decoder(dtype=dtype, heads=2)
    header = CheckpointHeader(
        decoder.spec,
        "indy_20160622_01",
        3,
        {"file": "a.pth"},
        {"training.lr": 0.002},
        twin_trained,
        "my reaches/2",
    )
    save_checkpoint(tmp_path / "a.safetensors", decoder, header)
    loaded = load_checkpoint(tmp_path / "a.safetensors")
    assert loaded.header == header
    assert loaded.decoder.dtype == getattr(torch, dtype)
    assert not loaded.decoder.training
    for name, value in decoder.state_dict().items():
        assert torch.equal(loaded.decoder.state_dict()[name], value)
    assert loaded.digest == weights_digest(decoder)


def test_of_older_checkpoints_it_is_not_known_what_they_were_trained_on(checkpoint: Path) -> None:
    _rewrite(checkpoint, header=lambda fields: fields.pop("trained_on"))
    assert load_checkpoint(checkpoint).header.trained_on == TrainingData()


def test_checkpoints_that_name_no_task_are_of_the_challenges(checkpoint: Path) -> None:
    _rewrite(checkpoint, header=lambda fields: fields.pop("task"))
    assert load_checkpoint(checkpoint).header.task == "primate-reaching/1"


def test_the_same_content_gives_the_same_bytes(tmp_path: Path, draw_decoder: Any) -> None:
    decoder = draw_decoder()
    for name in ("a", "b"):
        save_checkpoint(tmp_path / name, decoder, CheckpointHeader(decoder.spec, seed=1))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_another_weight_gives_another_digest(draw_decoder: Any) -> None:
    first, second = draw_decoder(), draw_decoder()
    assert weights_digest(first) == weights_digest(second)
    with torch.no_grad():
        second.input.weight[0, 0] += 1
    assert weights_digest(first) != weights_digest(second)


def _refused(path: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_a_missing_file(tmp_path: Path) -> None:
    assert "There is no checkpoint" in _refused(tmp_path / "none.safetensors")
    assert "is a folder; name the checkpoint in it" in _refused(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\x10", b"no tensors here, just text"])
def test_files_that_are_no_safetensors(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(content)
    assert "empty, truncated or not a safetensors file" in _refused(path)


def test_a_truncated_checkpoint(checkpoint: Path) -> None:
    checkpoint.write_bytes(checkpoint.read_bytes()[:-100])
    assert "truncated" in _refused(checkpoint)


def test_a_pytorch_file_is_told_apart_and_never_unpickled(tmp_path: Path) -> None:
    marker = tmp_path / "executed"
    path = tmp_path / "a.pth"
    path.write_bytes(pickle.dumps(_Malicious(marker)))
    assert "convert it first" in _refused(path)
    assert not marker.exists()


class _Malicious:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return Path.touch, (self.marker,)


def test_safetensors_of_other_origin(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(2)}, tmp_path / "a.safetensors")
    assert "no nbsuite header" in _refused(tmp_path / "a.safetensors")


def _set(name: str, value: torch.Tensor) -> Callable[[Tensors], object]:
    return lambda tensors: tensors.update({name: value})


HALF = torch.float16


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda tensors: tensors.pop("input.weight"), "lacks the tensor 'input.weight'"),
        (_set("extra", torch.zeros(1, dtype=HALF)), "unexpected tensor 'extra'"),
        (_set("input.weight", torch.zeros(64, 95, dtype=HALF)), r"has shape \(64, 95\)"),
        (_set("input.weight", torch.full((64, 96), torch.nan, dtype=HALF)), "not finite"),
        (_set("output.0.weight", torch.full((2, 64), torch.inf, dtype=HALF)), "not finite"),
        (_set("output.0.weight", torch.zeros(2, 64)), "all must be one of"),
    ],
)
def test_tensors_that_do_not_fit(checkpoint: Path, change: Any, message: str) -> None:
    _rewrite(checkpoint, tensors=change)
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(checkpoint)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda fields: fields.update(format=2), "checkpoint format 2"),
        (lambda fields: fields.pop("format"), "damaged"),
        (lambda fields: fields["model"].update(neurons="many"), "damaged"),
        (lambda fields: fields.update(trained_on=["a.mat"]), "damaged"),
        (lambda fields: fields["model"].update(hidden=[0.02]), "damaged"),
        (lambda fields: fields.update(task="primate-reaching"), "no name and version"),
        (lambda fields: fields.update(task=1), "damaged"),
        (lambda fields: fields["model"].update(neurons=-1), "impossible decoder"),
        (lambda fields: fields["model"].update(readouts=[]), "impossible decoder"),
        (lambda fields: fields["model"].update(hidden=[0.0, 0.01]), "impossible decoder"),
        (lambda fields: fields["model"].update(neurons=10**9), "has shape"),
    ],
)
def test_headers_that_make_no_sense(checkpoint: Path, change: Any, message: str) -> None:
    _rewrite(checkpoint, header=change)
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(checkpoint)


def test_an_interrupted_write_keeps_the_old_file(
    checkpoint: Path, draw_decoder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = checkpoint.read_bytes()

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("nbsuite.models.checkpoint.save_file", interrupt)
    decoder = draw_decoder(seed=5)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(checkpoint, decoder, CheckpointHeader(decoder.spec))
    assert checkpoint.read_bytes() == before
    assert list(checkpoint.parent.iterdir()) == [checkpoint]
