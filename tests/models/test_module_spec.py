"""What a checkpoint's header says of a decoder of a user's own, strangers' headers included."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from nbsuite.errors import CheckpointError, DecoderError
from nbsuite.models.checkpoint import digest_in, header_in, load_checkpoint, read_stored
from nbsuite.models.kinds import is_users_own, new_decoder, spec_from_json
from nbsuite.models.module_spec import ModuleSpec
from nbsuite.untrusted.fault import FormatFault

SPEC = ModuleSpec("GRU", 96, 2, 0.004, "my_decoder.py:build", "ab" * 32)


def test_it_comes_back_as_it_was() -> None:
    assert spec_from_json(json.loads(json.dumps(SPEC.to_json()))) == SPEC
    assert is_users_own(SPEC)
    assert SPEC.is_possible()
    with pytest.raises(DecoderError, match="whose code is not run unasked"):
        new_decoder(SPEC)


@pytest.mark.parametrize(
    "change",
    [
        {"factory": "x\x1b[31m"},
        {"factory": "x\ny"},
        {"factory": "x" * 501},
        {"source_sha256": "ab"},
        {"source_sha256": "AB" * 32},
        {"channels": "96"},
        {"step": None},
        {"other": 1},
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(FormatFault):
        spec_from_json(SPEC.to_json() | change)


@pytest.mark.parametrize(
    "change",
    [{"channels": 0}, {"channels": 1 << 40}, {"outputs": 0}, {"step": -1.0}, {"step": math.inf}],
)
def test_what_no_decoder_can_be(change: dict[str, Any]) -> None:
    assert not ModuleSpec(**{**vars(SPEC), **change}).is_possible()


def test_a_file_tells_of_its_weights_without_any_code(tmp_path: Path) -> None:
    header = {"format": 1, "model": SPEC.to_json(), "session": "indy_20160622_01", "seed": 4}
    path, plain = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    save_file({"module.w": torch.ones(2)}, path, {"nbsuite": json.dumps(header)})
    save_file({"w": torch.ones(2)}, plain)
    stored = read_stored(path)
    assert (stored.header.spec, stored.header.seed, stored.finite) == (SPEC, 4, True)
    assert stored.digest == digest_in(path)
    assert header_in(path) == stored.header
    assert header_in(plain) is header_in(tmp_path / "missing") is None
    with pytest.raises(CheckpointError, match="whose code is not in it"):
        load_checkpoint(path)
    save_file({"module.w": torch.tensor([math.nan])}, path, {"nbsuite": json.dumps(header)})
    assert not read_stored(path).finite
