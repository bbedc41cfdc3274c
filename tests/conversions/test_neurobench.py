"""NeuroBench's baselines from their published weights."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from nbsuite.conversions.neurobench import read_neurobench
from nbsuite.errors import ConversionError, UsageError
from nbsuite.models.baselines.spec import BASELINE_NAMES
from nbsuite.tasks.known import find_session
from tests.models.random_decoders import random_decoder

I1, L1 = find_session("I1"), find_session("L1")


def _write(
    folder: Path,
    name: str,
    channels: int = 96,
    file: str = "indy_20160622_01_model_state_dict.pth",
    change: Callable[[dict[str, Any]], object] = lambda _: None,
) -> Path:
    """A file as NeuroBench's authors saved it: SNN2's with the epoch beside the state dict."""
    state = dict(random_decoder(name, channels).state_dict())
    change(state)
    path = folder / file
    torch.save({"epoch": 13, "model_state_dict": state} if name == "SNN2" else state, path)
    return path


@pytest.mark.parametrize("channels", [96, 192])
@pytest.mark.parametrize("name", BASELINE_NAMES)
def test_the_tensors_tell_the_network(tmp_path: Path, name: str, channels: int) -> None:
    path = _write(tmp_path, name, channels, "mine.pth")
    decoder, header = read_neurobench(path)
    assert (header.spec.name, header.spec.channels) == (name, channels)
    assert header.session is None
    assert header.source is not None
    assert (header.source["format"], header.source["file"]) == ("neurobench", "mine.pth")
    assert not decoder.training
    expected = random_decoder(name, channels).state_dict()
    for key, value in decoder.state_dict().items():
        assert torch.equal(value, expected[key]), key


@pytest.mark.parametrize(
    "file", ["SNN2_indy_20160622_01.pt", "indy_20160622_01_model_state_dict.pth"]
)
def test_the_name_tells_the_session(tmp_path: Path, file: str) -> None:
    path = _write(tmp_path, "SNN2", file=file)
    assert read_neurobench(path)[1].session == I1.name
    assert read_neurobench(path, session=I1)[1].session == I1.name
    with pytest.raises(ConversionError, match="tells the session I1, not L1"):
        read_neurobench(path, session=L1)


def test_a_session_has_to_fit(tmp_path: Path) -> None:
    for name in ("ANN2D", "ANN3D", "SNN3"):
        path = _write(tmp_path, name, file="mine.pth")
        assert read_neurobench(path, session=I1)[1].session == I1.name
        with pytest.raises(ConversionError, match=r"decodes \d+ channels but session L1 has 192"):
            read_neurobench(path, session=L1)


def test_unusual_channels(tmp_path: Path) -> None:
    path = _write(tmp_path, "ANN3D", 10, "mine.pth")
    with pytest.raises(ConversionError, match="ANN2D of 70 channels or an ANN3D of 10; name it"):
        read_neurobench(path)
    assert read_neurobench(path, model="ann3d")[1].spec.channels == 10


def test_another_model(tmp_path: Path) -> None:
    path = _write(tmp_path, "SNN3")
    with pytest.raises(ConversionError, match="are those of SNN3, not of ANN3D"):
        read_neurobench(path, model="ANN3D")
    with pytest.raises(UsageError, match="no baseline 'SNN4'; did you mean SNN2 or SNN3"):
        read_neurobench(path, model="SNN4")


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("SNN3", lambda state: state.pop("fc1.weight"), "no matrix 'fc1.weight'"),
        ("ANN2D", lambda state: state.pop("batchnorm1.weight"), "none of NeuroBench's baselines"),
        ("ANN2D", lambda state: state.pop("fc3.bias"), r"lacks the tensor 'fc3\.bias'"),
        ("ANN2D", lambda state: state.update(extra=torch.zeros(1)), "unexpected tensor 'extra'"),
        ("SNN2", lambda state: state.update({"lif1.reset_mechanism_val": torch.tensor(2)}), "zero"),
        ("SNN3", lambda state: state.update(v_x=torch.tensor([torch.nan])), "not finite"),
        ("SNN3", lambda state: state.update(v_x="a"), "not a plain tensor"),
    ],
)
def test_weights_that_do_not_fit(tmp_path: Path, name: str, change: Any, message: str) -> None:
    path = _write(tmp_path, name, change=change)
    with pytest.raises(ConversionError, match=message) as caught:
        read_neurobench(path)
    assert str(path) in str(caught.value)


def test_nothing_in_a_file_is_run(tmp_path: Path) -> None:
    marker = tmp_path / "executed"
    torch.save({"epoch": 1, "model_state_dict": _Malicious(marker)}, tmp_path / "a.pt")
    with pytest.raises(ConversionError, match="nothing was run"):
        read_neurobench(tmp_path / "a.pt")
    (tmp_path / "b.pt").write_bytes(pickle.dumps({}))
    with pytest.raises(ConversionError, match="not a PyTorch file"):
        read_neurobench(tmp_path / "b.pt")
    assert not marker.exists()


class _Malicious:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return Path.touch, (self.marker,)
