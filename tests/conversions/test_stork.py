"""Reading and writing stork's checkpoints."""

from __future__ import annotations

import hashlib
import io
import pickle
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from nbsuite.conversions.stork import read_stork, write_stork
from nbsuite.errors import ConversionError, UsageError
from nbsuite.models.checkpoint import weights_digest
from nbsuite.models.rsnn import RecurrentDecoder
from nbsuite.models.rsnn_layout import tensor_shapes
from nbsuite.tasks.known import find_session
from nbsuite.training.families import model_spec
from tests.conversions.stork_files import (
    StorkModel,
    random_input,
    simulate,
    stork_state,
    write_stork_file,
)

State = dict[str, Tensor]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "checkpoint.pth"


def assert_one_sentence(message: str, path: Path) -> None:
    assert str(path) in message
    assert message.endswith(".")
    assert ". " not in message.replace(str(path), "")
    assert ";" in message  # the remedy follows


# Reading


@pytest.mark.parametrize(
    ("model", "channels", "dtype"),
    [
        ("tinyRSNN", 96, torch.float16),
        ("tinyRSNN", 192, torch.float32),
        ("tinyRSNN", 33, torch.float64),
        ("bigRSNN", 192, torch.float16),
    ],
)
def test_recognises_model_and_precision(
    path: Path, model: str, channels: int, dtype: torch.dtype
) -> None:
    state = stork_state(model, channels, dtype=dtype)
    decoder, header = read_stork(write_stork_file(path, state))
    assert header.spec == decoder.spec == model_spec(model, channels)
    assert {value.dtype for value in decoder.state_dict().values()} == {dtype}
    assert not decoder.training
    assert (header.session, header.seed, header.recipe) == (None, None, None)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert header.source == {"format": "stork", "file": "checkpoint.pth", "sha256": sha256}


@pytest.mark.parametrize("model", ["tinyRSNN", "bigRSNN"])
@torch.no_grad()
def test_computes_the_published_equations(path: Path, model: str) -> None:
    state = stork_state(model, 96, dtype=torch.float64)
    decoder, _ = read_stork(write_stork_file(path, state))
    inputs = random_input(80)
    expected = simulate(state, model, inputs)
    decoded = decoder(torch.from_numpy(inputs).unsqueeze(1))
    assert expected["spikes"].sum() > 50
    assert (decoded.spikes[:, 0].numpy() == expected["spikes"]).all()
    assert abs(decoded.outputs[:, 0].numpy() - expected["readout"]).max() < 1e-12
    beta = torch.stack([readout.beta for _, readout in decoder.heads()]).mean(0)
    assert torch.allclose(decoded.outputs[0, 0], -0.01 * beta)


def test_reads_a_dict_saved_without_order_or_sharing(path: Path) -> None:
    state = {key: value.clone() for key, value in reversed(stork_state().items())}
    decoder, _ = read_stork(write_stork_file(path, state))
    assert torch.equal(decoder.input.weight, state["con1.op.weight"])


def test_path_tells_session_and_seed(tmp_path: Path) -> None:
    path = write_stork_file(tmp_path / "loco02" / "tinyRSNN-4.pth", stork_state(channels=192))
    _, header = read_stork(path)
    assert (header.session, header.seed) == ("loco_20170215_02", 4)


def test_path_is_resolved_before_it_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_stork_file(tmp_path / "indy03" / "tinyRSNN-12.pth", stork_state())
    monkeypatch.chdir(path.parent)
    _, header = read_stork(Path(path.name))
    assert (header.session, header.seed) == ("indy_20170131_02", 12)


def test_options_tell_session_and_seed(path: Path) -> None:
    write_stork_file(path, stork_state())
    _, header = read_stork(path, model="TINYrsnn", session=find_session("I2"), seed=0)
    assert (header.session, header.seed) == ("indy_20160630_01", 0)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"session": find_session("I2")}, "tells the session I1, not I2"),
        ({"seed": 2}, "tells the seed 1, not 2"),
        ({"model": "bigRSNN"}, "is a tinyRSNN, not a bigRSNN"),
    ],
)
def test_contradictions(tmp_path: Path, options: dict[str, Any], fault: str) -> None:
    path = write_stork_file(tmp_path / "indy01" / "tinyRSNN-1.pth", stork_state())
    with pytest.raises(ConversionError, match=fault) as caught:
        read_stork(path, **options)
    assert_one_sentence(str(caught.value), path)


def test_channels_must_fit_the_session(tmp_path: Path) -> None:
    path = write_stork_file(tmp_path / "indy01" / "tinyRSNN-1.pth", stork_state(channels=192))
    with pytest.raises(ConversionError, match="192 channels but session I1 has 96") as caught:
        read_stork(path)
    assert_one_sentence(str(caught.value), path)


def test_unknown_model(path: Path) -> None:
    write_stork_file(path, stork_state())
    with pytest.raises(UsageError, match="did you mean tinyRSNN"):
        read_stork(path, model="tinyRNN")


# Bad input


def change(state: State, key: str, value: Tensor) -> State:
    return {**state, key: value}


def without(state: State, key: str) -> State:
    return {other: value for other, value in state.items() if other != key}


NAN = torch.full((2, 64), torch.nan, dtype=torch.float16)
WRONG_STATES: dict[str, tuple[Callable[[State], object], str]] = {
    "no input weight": (lambda s: without(s, "con1.op.weight"), "no matrix 'con1.op.weight'"),
    "flat input weight": (
        lambda s: change(s, "con1.op.weight", s["con1.op.weight"].flatten()),
        "no matrix 'con1.op.weight'",
    ),
    "no channels": (
        lambda s: change(s, "con1.op.weight", torch.zeros(64, 0).half()),
        "no matrix 'con1.op.weight'",
    ),
    "unknown size": (
        lambda s: change(s, "con1.op.weight", torch.zeros(65, 96).half()),
        "65 hidden neurons, which fits no known model",
    ),
    "missing": (lambda s: without(s, "con2.op.weight"), "lacks .* 'con2.op.weight'"),
    "missing duplicate": (
        lambda s: without(s, "con3.src.mem_param"),
        "lacks .* 'con3.src.mem_param'",
    ),
    "extra": (lambda s: change(s, "con2.op.bias", torch.zeros(64).half()), "'con2.op.bias' that"),
    "extra readout": (
        lambda s: change(s, "con4.op.weight", torch.zeros(2, 64).half()),
        "'con4.op.weight' that tinyRSNN does not have",
    ),
    "mis-shaped": (
        lambda s: change(s, "con2.op.weight", torch.zeros(64, 63).half()),
        r"shape \(64, 63\) where \(64, 64\)",
    ),
    "transposed": (
        lambda s: change(s, "con3.op.weight", s["con3.op.weight"].T),
        r"shape \(64, 2\) where \(2, 64\)",
    ),
    "NaN": (lambda s: change(s, "con3.op.weight", NAN), "'con3.op.weight' .* NaN"),
    "infinite": (
        lambda s: change(s, "con2.op.weight", torch.full((64, 64), torch.inf).half()),
        "'con2.op.weight' .* infinite",
    ),
    "duplicates": (
        lambda s: change(s, "output_group.mem_param_readout", torch.zeros(2).half()),
        "'group3.mem_param_readout' and 'output_group.mem_param_readout' .* differ",
    ),
    "mixed dtypes": (
        lambda s: change(s, "con2.op.weight", s["con2.op.weight"].float()),
        "is torch.float32 while 'con1.op.weight' is torch.float16",
    ),
    "integers": (
        lambda s: {key: value.int() for key, value in s.items()},
        "is torch.int32 where float16, float32 or float64 is due",
    ),
    "bfloat16": (
        lambda s: {key: value.bfloat16() for key, value in s.items()},
        "is torch.bfloat16 where",
    ),
    "sparse": (
        lambda s: change(s, "con1.op.weight", s["con1.op.weight"].float().to_sparse()),
        "'con1.op.weight' .* not a plain tensor",
    ),
    "nested": (lambda s: {"state_dict": s, "epoch": 3}, "'state_dict' .* not a plain tensor"),
    "number": (lambda s: {**s, "epoch": 3}, "'epoch' .* not a plain tensor"),
    "numbered keys": (lambda s: dict(enumerate(s.values())), "entry 0 .* not a plain tensor"),
    "tensor": (lambda s: s["con1.op.weight"], "holds a Tensor, not a state dict"),
    "list": (lambda s: list(s.values()), "holds a list, not a state dict"),
    "nothing": (lambda _: {}, "no matrix 'con1.op.weight'"),
}


@pytest.mark.parametrize(("spoil", "fault"), WRONG_STATES.values(), ids=WRONG_STATES)
def test_wrong_content(path: Path, spoil: Callable[[State], object], fault: str) -> None:
    write_stork_file(path, spoil(stork_state()))
    with pytest.raises(ConversionError, match=fault) as caught:
        read_stork(path)
    assert_one_sentence(str(caught.value), path)


def test_big_checkpoint_passed_as_tiny(path: Path) -> None:
    write_stork_file(path, stork_state("bigRSNN"))
    with pytest.raises(ConversionError, match="is a bigRSNN, not a tinyRSNN"):
        read_stork(path, model="tinyRSNN")


def test_missing_file(path: Path) -> None:
    with pytest.raises(ConversionError, match="There is no file") as caught:
        read_stork(path)
    assert_one_sentence(str(caught.value), path)


def test_folder(tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match="There is no file"):
        read_stork(tmp_path)


def legacy_file() -> bytes:
    buffer = io.BytesIO()
    torch.save(stork_state(), buffer, _use_new_zipfile_serialization=False)
    return buffer.getvalue()


def other_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("hello.txt", "hello")
    return buffer.getvalue()


def script_module() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("model/data.pkl", pickle.dumps({}, protocol=2))
        archive.writestr("model/constants.pkl", pickle.dumps((), protocol=2))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "is empty"),
        (b"weights", "not a PyTorch file"),
        (legacy_file(), "not a PyTorch file"),
        (other_zip(), "truncated, damaged or not written by torch.save"),
        (script_module(), "truncated, damaged or not written by torch.save"),
    ],
    ids=["empty", "text", "legacy", "other zip", "TorchScript"],
)
def test_files_that_are_none(path: Path, content: bytes, fault: str) -> None:
    path.write_bytes(content)
    with pytest.raises(ConversionError, match=fault) as caught:
        read_stork(path)
    assert_one_sentence(str(caught.value), path)


@given(length=st.integers(min_value=1, max_value=20_000))
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_truncated_anywhere(path: Path, length: int) -> None:
    write_stork_file(path, stork_state())
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ConversionError, match=r"truncated|not a PyTorch file"):
        read_stork(path)


@given(position=st.integers(min_value=0, max_value=24_000), value=st.integers(0, 255))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_wrong_byte_is_refused_or_harmless(path: Path, position: int, value: int) -> None:
    """It can land where nothing is stored; no other error and no other weights may come out."""
    write_stork_file(path, stork_state())
    original, _ = read_stork(path)
    content = bytearray(path.read_bytes())
    content[position % len(content)] = value
    path.write_bytes(content)
    with suppress(ConversionError):
        decoder, _ = read_stork(path)
        assert decoder.spec == model_spec("tinyRSNN", 96)
        assert weights_digest(decoder) == weights_digest(original)


class Harmful:
    """Unpickling it creates a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Path]]:
        return Path.touch, (self.marker,)


def test_pickled_code_does_not_run(path: Path, tmp_path: Path) -> None:
    marker = tmp_path / "executed"
    write_stork_file(path, {**stork_state(), "harmful": Harmful(marker)})
    torch.load(path, weights_only=False)
    assert marker.exists()  # the file does what it is meant to
    marker.unlink()
    with pytest.raises(ConversionError, match="could run code") as caught:
        read_stork(path)
    assert_one_sentence(str(caught.value), path)
    assert not marker.exists()


def test_bare_pickle_does_not_run(path: Path, tmp_path: Path) -> None:
    marker = tmp_path / "executed"
    path.write_bytes(pickle.dumps(Harmful(marker)))
    with pytest.raises(ConversionError, match="not a PyTorch file"):
        read_stork(path)
    assert not marker.exists()


# Writing


def assert_same_file(written: Path, original: Path) -> None:
    """Keys in order, dtypes, bits, and which keys share a storage."""
    ours, theirs = (
        torch.load(p, map_location="cpu", weights_only=True) for p in (written, original)
    )
    assert type(ours) is type(theirs)
    assert list(ours) == list(theirs)
    for key, value in theirs.items():
        assert ours[key].dtype == value.dtype
        assert ours[key].shape == value.shape
        assert ours[key].numpy().tobytes() == value.numpy().tobytes()
        assert not ours[key].requires_grad
    assert sharing(ours) == sharing(theirs)


def sharing(state: State) -> list[int]:
    pointers = [value.data_ptr() for value in state.values()]
    return [pointers.index(pointer) for pointer in pointers]


@pytest.mark.parametrize("model", ["tinyRSNN", "bigRSNN"])
def test_there_and_back(tmp_path: Path, model: str) -> None:
    original = write_stork_file(tmp_path / "original.pth", stork_state(model))
    decoder, _ = read_stork(original)
    written = tmp_path / "new" / "written.pth"
    write_stork(decoder, written)
    assert_same_file(written, original)
    first = written.read_bytes()
    write_stork(decoder, written)
    assert written.read_bytes() == first
    assert abs(len(first) - original.stat().st_size) < 5_000


def test_stork_loads_what_was_written(path: Path) -> None:
    decoder = RecurrentDecoder(model_spec("bigRSNN", 192))
    write_stork(decoder, path)
    network = StorkModel("bigRSNN", 192)
    network.load_state_dict(torch.load(path, weights_only=True))
    assert torch.equal(network.con7.op.weight, decoder.heads()[4][0].weight)
    assert torch.equal(network.con2.op.weight, decoder.hidden.recurrent.weight)


def test_other_time_constants_are_refused(path: Path) -> None:
    spec = replace(model_spec("tinyRSNN", 96), hidden=(0.030, 0.010))
    with pytest.raises(ConversionError, match="base time constants"):
        write_stork(RecurrentDecoder(spec), path)
    assert not path.exists()


# Real files


def real_checkpoints(shared: Path) -> list[Path]:
    return sorted((shared / "stork_checkpoints").rglob("*.pth"))


def test_real_checkpoints_there_and_back(shared: Path, tmp_path: Path) -> None:
    checkpoints = real_checkpoints(shared)
    assert len(checkpoints) == 13
    for original in checkpoints:
        decoder, header = read_stork(original)
        assert sum(value.numel() for value in decoder.state_dict().values()) == sum(
            torch.Size(shape).numel() for shape in tensor_shapes(header.spec).values()
        )
        write_stork(decoder, tmp_path / "written.pth")
        assert_same_file(tmp_path / "written.pth", original)


def test_real_checkpoints_tell_session_and_seed(shared: Path) -> None:
    told = {
        (header.session, header.seed, header.spec.name)
        for _, header in map(read_stork, real_checkpoints(shared))
    }
    expected = {
        (find_session(label).name, seed, "tinyRSNN")
        for label in ("I1", "I2", "I3", "L1", "L2", "L3")
        for seed in (1, 2)
    }
    assert told == expected | {(None, None, "bigRSNN")}


def test_random_files_are_laid_out_as_real_ones(shared: Path) -> None:
    folder = shared / "stork_checkpoints"
    for model, channels, name in [
        ("tinyRSNN", 96, "indy01/tinyRSNN-1.pth"),
        ("bigRSNN", 192, "bigRSNN-random-loco.pth"),
    ]:
        real = torch.load(folder / name, map_location="cpu", weights_only=True)
        random = stork_state(model, channels)
        assert list(random) == list(real)
        assert sharing(random) == sharing(real)


def test_other_peoples_networks_are_refused(shared: Path) -> None:
    files = sorted((shared / "neurobench_baselines").rglob("*.pt*"))
    assert len(files) == 24
    for path in files:
        with pytest.raises(ConversionError, match=r"con1\.op\.weight|not a plain tensor"):
            read_stork(path)
