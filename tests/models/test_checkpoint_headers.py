"""Headers of strangers' checkpoints: read as they are meant, or refused in one sentence."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from nbsuite.errors import CheckpointError
from nbsuite.models.checkpoint import CheckpointHeader, load_checkpoint, save_checkpoint
from nbsuite.models.training_data import TrainingData
from tests.models.random_decoders import random_decoder

SHA256 = "ef" * 32
TWIN = {"session": "indy_20160622_01", "fraction": 0.5, "seed": 1, "generator": 1}


def _fields(spec: Any) -> dict[str, Any]:
    return {
        "format": 1,
        "model": spec.to_json(),
        "session": "indy_20160622_01",
        "seed": 3,
        "source": {"file": "a.pth"},
        "recipe": {"training.lr": 0.002},
        "trained_on": {
            "recordings": [
                {"file": "a.mat", "sha256": SHA256, "twin": dict(TWIN)},
                {"file": "b.mat", "sha256": SHA256, "twin": None},
            ],
            "complete": True,
        },
    }


@pytest.fixture(scope="session", params=["tinyRSNN", "SNN2", "linear"])
def sample(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, draw_decoder: Any
) -> tuple[Path, dict[str, torch.Tensor], dict[str, Any]]:
    """A place for a file, the tensors of a decoder, and the fields of its header."""
    folder = tmp_path_factory.mktemp("headers")
    if request.param == "tinyRSNN":
        decoder = draw_decoder(channels=8, neurons=4, heads=2)
    else:
        decoder = random_decoder(request.param)
    return folder / "file.safetensors", decoder.state_dict(), _fields(decoder.spec)


def _write(path: Path, tensors: dict[str, torch.Tensor], fields: Any) -> Path:
    text = fields if isinstance(fields, str) else json.dumps(fields)
    save_file(tensors, path, {"nbsuite": text})
    return path


def _refused(path: Path, tensors: dict[str, torch.Tensor], fields: Any) -> str:
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(_write(path, tensors, fields))
    message = str(caught.value)
    assert str(path) in message
    assert message.endswith(".")
    assert message.isprintable()
    return message


def _places(values: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value within values."""
    yield place
    if isinstance(values, dict):
        for key, value in values.items():
            yield from _places(value, (*place, key))
    if isinstance(values, list | tuple):
        for index, value in enumerate(values):
            yield from _places(value, (*place, index))


def _put(values: Any, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    changed = json.loads(json.dumps(values))
    target = changed
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = value
    return changed


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["x/../../tmp/victim", "..", "recurrent", "linear", "SNN3", "a\x1b[2J"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
    ),
    max_leaves=6,
)


@given(data=st.data())
def test_a_changed_header_is_refused_or_means_what_it_says(sample: Any, data: Any) -> None:
    path, tensors, fields = sample
    place = data.draw(st.sampled_from(sorted(_places(fields), key=str)))
    changed = _put(fields, place, data.draw(ODD))
    message = ""
    try:
        loaded = load_checkpoint(_write(path, tensors, changed))
    except CheckpointError as error:
        message = str(error)
    if message:
        assert str(path) in message
        assert message.isprintable()
        return
    found = loaded.decoder.state_dict()
    assert all(torch.equal(found[name], value) for name, value in tensors.items())
    header = loaded.header
    assert header.spec.to_json() == json.loads(json.dumps(changed["model"])) or (
        header.spec.to_json() == type(header.spec).from_json(changed["model"]).to_json()
    )
    for name in ("session", "seed", "source", "recipe"):
        assert getattr(header, name) == changed.get(name)
        assert type(getattr(header, name)) is type(changed.get(name))


@pytest.mark.parametrize(
    ("place", "value", "fault"),
    [
        (("model", "name"), "x/../../tmp/victim", "is no name"),
        (("model", "name"), "red\x1b[31m", "is no name"),
        (("model", "name"), "a" * 101, "is no name"),
        (("model", "name"), "", "is no name"),
        (("model", "name"), 7, "damaged"),
        (("model", "channels"), True, "damaged"),
        (("model", "channels"), "20", "damaged"),
        (("model", "channels"), 20.5, "damaged"),
        (("model", "channels"), 10**30, "damaged"),
        (("model", "channels"), 10**6, "impossible decoder"),
        (("model", "channels"), 0, "impossible decoder"),
        (("model", "more"), 1, "unknown field"),
        (("model",), None, "damaged"),
        (("session",), "../indy", "impossible session"),
        (("session",), "", "impossible session"),
        (("session",), 3, "damaged"),
        (("seed",), -1, "impossible seed"),
        (("seed",), True, "damaged"),
        (("seed",), 1.5, "damaged"),
        (("seed",), math.nan, "not finite"),
        (("seed",), 2**63, "impossible seed"),
        (("source",), "a.pth", "damaged"),
        (("recipe",), [], "damaged"),
        (("recipe", "training.lr"), math.inf, "not finite"),
        (("format",), True, "does not name its format"),
        (("format",), "1", "does not name its format"),
        (("trained_on",), [], "no object of fields"),
        (("trained_on", "recordings"), {}, "damaged"),
        (("trained_on", "complete"), 1, "damaged"),
        (("trained_on", "recordings", 0, "file"), "../a.mat", "impossible name"),
        (("trained_on", "recordings", 0, "file"), "a\x1b.mat", "impossible name"),
        (("trained_on", "recordings", 0, "file"), "", "impossible name"),
        (("trained_on", "recordings", 0, "file"), "..", "impossible name"),
        (("trained_on", "recordings", 0, "sha256"), "ef", "impossible SHA-256"),
        (("trained_on", "recordings", 0, "twin", "fraction"), -1, "twin of what cannot be"),
        (("trained_on", "recordings", 0, "twin", "session"), "a/b", "twin of what cannot be"),
        (("trained_on", "recordings", 0, "twin", "seed"), "1", "damaged"),
        ((), [], "does not name its format"),
        ((), {"format": 1}, "damaged"),
    ],
)
def test_fields_that_cannot_be(sample: Any, place: Any, value: Any, fault: str) -> None:
    path, tensors, fields = sample
    assert fault in _refused(path, tensors, _put(fields, place, value))


@pytest.mark.parametrize(
    ("place", "value", "fault"),
    [
        (("hidden", 0), math.inf, "not finite"),
        (("hidden", 0), math.nan, "not finite"),
        (("hidden", 0), 1e300, "impossible decoder"),
        (("hidden", 0), 0, "impossible decoder"),
        (("hidden", 0), -0.02, "impossible decoder"),
        (("hidden", 0), "0.02", "damaged"),
        (("hidden",), [0.02, 0.01, 0.01], "damaged"),
        (("readouts", 1, 0), 10**25, "damaged"),
        (("readouts",), [[0.05, 0.01]] * 1000, "impossible decoder"),
        (("readouts",), [[0.05, 0.01]] * 50, "lacks the tensor"),
        (("neurons",), 2**62, "has shape"),
    ],
)
def test_time_constants_and_sizes(
    tmp_path: Path, draw_decoder: Any, place: Any, value: Any, fault: str
) -> None:
    decoder = draw_decoder(channels=8, neurons=4, heads=2)
    fields = _fields(decoder.spec)
    changed = _put(fields, ("model", *place), value)
    assert fault in _refused(tmp_path / "a.safetensors", decoder.state_dict(), changed)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[" * 100_000, '{"format": 1' + "0" * 400 + "}", '{"format": 1, "format": 1}', "\0"],
)
def test_headers_that_are_no_json(tmp_path: Path, text: str, draw_decoder: Any) -> None:
    tensors = draw_decoder(channels=8, neurons=4).state_dict()
    assert "damaged" in _refused(tmp_path / "a.safetensors", tensors, text)


def test_a_window_that_no_file_holds(tmp_path: Path) -> None:
    """2 x 65536 weights are half a megabyte; the window that they claim would be a gigabyte."""
    spec = {"kind": "linear", "name": "ridge", "channels": 1 << 16, "bins": 1, "bin_steps": 1 << 14}
    tensors = {"readout.weight": torch.zeros(2, 1 << 16), "readout.bias": torch.zeros(2)}
    message = _refused(tmp_path / "a.safetensors", tensors, {"format": 1, "model": spec})
    assert "impossible decoder" in message


@pytest.mark.parametrize(
    ("header", "tensor", "fault"),
    [
        ({"shape": [10**6, 10**6]}, "input.weight", "does not describe its tensor"),
        ({"dtype": "C64"}, "input.weight", "does not describe its tensor"),
        ({"data_offsets": [0, 10**12]}, "input.weight", "does not describe its tensor"),
    ],
)
def test_tensors_that_the_file_does_not_hold(
    tmp_path: Path, draw_decoder: Any, header: dict[str, Any], tensor: str, fault: str
) -> None:
    decoder, path = draw_decoder(channels=8, neurons=4), tmp_path / "a.safetensors"
    save_checkpoint(path, decoder, CheckpointHeader(decoder.spec))
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    entries = json.loads(content[8 : 8 + length])
    entries[tensor].update(header)
    text = json.dumps(entries).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + content[8 + length :])
    with pytest.raises(CheckpointError, match=fault):
        load_checkpoint(path)


def test_later_versions_may_say_more(sample: Any) -> None:
    path, tensors, fields = sample
    loaded = load_checkpoint(_write(path, tensors, {**fields, "later": {"any": "thing"}}))
    assert loaded.header.seed == 3


def test_what_is_written_can_be_read(tmp_path: Path, draw_decoder: Any) -> None:
    decoder, path = draw_decoder(channels=8, neurons=4), tmp_path / "a.safetensors"
    trained_on = TrainingData.from_json(_fields(decoder.spec)["trained_on"])
    header = CheckpointHeader(decoder.spec, "indy_Übung (2)", 2**63 - 1, {}, {}, trained_on)
    save_checkpoint(path, decoder, header)
    assert load_checkpoint(path).header == header
    assert copy.deepcopy(load_checkpoint(path).decoder).origin == str(path)
    save_checkpoint(path, decoder, CheckpointHeader(decoder.spec, "indy\x1b[31m"))
    assert load_checkpoint(path).header.session == "indy?[31m"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"seed": 2**63}, "impossible seed"),
        ({"recipe": {"rate": math.nan}}, "not finite"),
        ({"session": "a/b"}, "impossible session"),
    ],
)
def test_what_could_not_be_read_is_not_written(
    tmp_path: Path, draw_decoder: Any, change: dict[str, Any], fault: str
) -> None:
    decoder, path = draw_decoder(channels=8, neurons=4), tmp_path / "a.safetensors"
    with pytest.raises(CheckpointError, match=f"a.safetensors cannot be written, .*{fault}"):
        save_checkpoint(path, decoder, replace(CheckpointHeader(decoder.spec), **change))
    assert not path.exists()
