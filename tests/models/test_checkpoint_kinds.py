"""Checkpoints of the kinds of decoders that are not recurrent."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from nbsuite.conversions.origin import recurrent_decoder
from nbsuite.errors import CheckpointError
from nbsuite.models.checkpoint import (
    CheckpointHeader,
    load_checkpoint,
    save_checkpoint,
    weights_digest,
)
from tests.models.random_decoders import NAMES, random_decoder


def _saved(folder: Path, name: str) -> Path:
    decoder = random_decoder(name)
    path = folder / f"{name}.safetensors"
    save_checkpoint(path, decoder, CheckpointHeader(decoder.spec, "indy_20160622_01"))
    return path


@pytest.mark.parametrize("name", NAMES)
def test_a_checkpoint_comes_back_as_it_was(tmp_path: Path, name: str) -> None:
    decoder = random_decoder(name)
    loaded = load_checkpoint(_saved(tmp_path, name))
    assert loaded.header == CheckpointHeader(decoder.spec, "indy_20160622_01")
    assert loaded.digest == weights_digest(decoder)
    assert type(loaded.decoder) is type(decoder)
    assert not loaded.decoder.training
    state = loaded.decoder.state_dict()
    for key, value in decoder.state_dict().items():
        assert state[key].dtype == value.dtype
        assert torch.equal(state[key], value)


def test_a_recurrent_checkpoint_names_no_kind(tmp_path: Path, draw_decoder: Any) -> None:
    """So that what was written before there were other kinds is what is written now."""
    decoder = draw_decoder()
    save_checkpoint(tmp_path / "a", decoder, CheckpointHeader(decoder.spec))
    loaded = load_checkpoint(tmp_path / "a")
    assert "kind" not in loaded.header.spec.to_json()
    assert recurrent_decoder(loaded, "tested") is loaded.decoder


def test_only_a_recurrent_decoder_will_do(tmp_path: Path) -> None:
    loaded = load_checkpoint(_saved(tmp_path, "SNN2"))
    with pytest.raises(CheckpointError, match="holds a decoder SNN2, which cannot be flown"):
        recurrent_decoder(loaded, "flown")


def _refused(path: Path, fields: dict[str, Any], tensors: dict[str, torch.Tensor]) -> str:
    save_file(tensors, path, {"nbsuite": json.dumps(fields)})
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "model", "message"),
    [
        ("SNN2", {"kind": "fuzzy"}, "no decoder is of the kind 'fuzzy'"),
        ("SNN2", {"kind": ["baseline"]}, "damaged"),
        ("SNN2", {"name": "SNN4"}, "impossible decoder"),
        ("SNN2", {"channels": 10**12}, "impossible decoder"),
        ("SNN2", {"channels": 30}, r"has shape \(50, 20\) where \(50, 30\) is due"),
        ("SNN2", {"name": "SNN3"}, "lacks the tensor"),
        ("linear", {"bins": 10**12}, "impossible decoder"),
        ("linear", {"bins": 5}, "has shape"),
        ("linear", {"bins": "few"}, "damaged"),
    ],
)
def test_headers_that_make_no_sense(
    tmp_path: Path, name: str, model: dict[str, Any], message: str
) -> None:
    path = _saved(tmp_path, name)
    fields = {"format": 1, "model": random_decoder(name).spec.to_json() | model}
    assert re.search(message, _refused(path, fields, load_file(path)))


@pytest.mark.parametrize(
    ("name", "key", "value", "message"),
    [
        ("SNN2", "lif1.reset_mechanism_val", torch.tensor(0), "reset is not 'zero'"),
        ("SNN3", "lif2.graded_spikes_factor", torch.tensor(2.0), "not 0 and 1"),
        ("SNN2", "fc1.weight", torch.zeros(50, 20).half(), "it must be torch.float32"),
        ("ANN2D", "batchnorm1.running_var", torch.full((32,), torch.nan), "not finite"),
    ],
)
def test_tensors_that_do_not_fit(
    tmp_path: Path, name: str, key: str, value: torch.Tensor, message: str
) -> None:
    path = _saved(tmp_path, name)
    fields = {"format": 1, "model": random_decoder(name).spec.to_json()}
    assert message in _refused(path, fields, load_file(path) | {key: value})
