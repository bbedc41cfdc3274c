"""Naming a decoder of one's own: what is found, what it is given, and one sentence for the rest."""

from __future__ import annotations

import hashlib
import sys
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest
from neurobench.models import TorchModel
from torch import nn

from nbsuite.errors import DecoderError
from nbsuite.models import factory as module
from nbsuite.models.factory import load_factory, names_decoder

SIZES = {"channels": 5, "outputs": 2, "step": 0.01}
HEAD = "from torch import nn\n\n"


def _write(folder: Path, body: str) -> Path:
    path = folder / "my_decoder.py"
    path.write_text(HEAD + body)
    return path


@pytest.mark.parametrize(
    ("body", "fan_in"),
    [
        ("def build(channels, outputs, step):\n    return nn.Linear(channels, outputs)", 5),
        ("def build(outputs):\n    return nn.Linear(7, outputs)", 7),
        ("def build(*, channels, hidden=3):\n    return nn.Linear(channels, hidden)", 5),
        ("def build(**sizes):\n    return nn.Linear(sizes['channels'], 2)", 5),
        ("def build():\n    return nn.Linear(4, 2)", 4),
        ("build = lambda channels: nn.Linear(channels, 1)", 5),
        ("build = nn.Linear(6, 2)", 6),
    ],
)
def test_what_a_factory_is_given(tmp_path: Path, body: str, fan_in: int) -> None:
    path = _write(tmp_path, body)
    built = load_factory(f"{path}:build").build(**SIZES)  # type: ignore[arg-type]
    assert built.in_features == fan_in


def test_source_and_digest(tmp_path: Path) -> None:
    path = _write(tmp_path, "class Net(nn.Module):\n    pass\n")
    found = load_factory(f"{path}:Net")
    assert found.source is not None
    assert found.source.samefile(path)
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert isinstance(found.build(**SIZES), nn.Module)  # type: ignore[arg-type]


def test_neighbours_can_be_imported(tmp_path: Path) -> None:
    (tmp_path / "parts_of_my_decoder.py").write_text(HEAD + "layer = nn.Linear(3, 3)\n")
    path = _write(
        tmp_path, "from parts_of_my_decoder import layer\n\ndef build():\n    return layer"
    )
    before = list(sys.path)
    assert load_factory(f"{path}:build").build(**SIZES).in_features == 3  # type: ignore[arg-type]
    assert sys.path == before


def test_in_a_package_and_by_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    linear = load_factory("torch.nn:Identity").build(**SIZES)  # type: ignore[arg-type]
    assert isinstance(linear, nn.Identity)
    point = EntryPoint("mine", "torch.nn:Identity", module.ENTRY_POINT_GROUP)
    monkeypatch.setattr(module, "entry_points", lambda group: EntryPoints([point]))
    assert names_decoder("mine")
    assert not names_decoder("yours")
    assert isinstance(load_factory("mine").build(**SIZES), nn.Identity)  # type: ignore[arg-type]


def test_neurobenchs_wrapper_is_a_decoder(tmp_path: Path) -> None:
    body = "from neurobench.models import TorchModel\n"
    body += "def build(channels):\n    return TorchModel(nn.Linear(channels, 2))"
    built = load_factory(f"{_write(tmp_path, body)}:build").build(**SIZES)  # type: ignore[arg-type]
    assert isinstance(built, TorchModel)


def test_what_names_a_decoder() -> None:
    for text in ("my_decoder.py:build", "my_decoder.py", "package.module:Net", "folder/a.py:Net"):
        assert names_decoder(text)
    for text in ("tinyRSNN.safetensors", "runs/tinyRSNN", "package.module", "a:b:c"):
        assert not names_decoder(text)


@pytest.mark.parametrize(
    ("body", "name", "message"),
    [
        (
            "def build():\n    return nn.Identity()",
            "",
            "function or class of it, as .*:build",
        ),
        ("def build():\n    return nn.Identity()", ":biuld", "no 'biuld'; did you mean build"),
        ("def build(hidden):\n    return 1", ":build", "wants the argument 'hidden', which nobody"),
        ("def build(step, /):\n    return 1", ":build", "wants the argument 'step', which nobody"),
        ("def build():\n    return {}", ":build", "returns a dict, not an nn.Module; return the"),
        ("def build():\n    pass", ":build", "returns nothing, not an nn.Module"),
        ("def build():\n    1 / 0", ":build", r"called \(ZeroDivisionError: .* line 4 of my_deco"),
        ("build = 3", ":build", "is an int, not a function or class; name what makes"),
        ("def build(:", ":build", r"cannot be imported \(SyntaxError"),
        ("raise SystemExit(0)", ":build", r"cannot be imported \(SystemExit"),
        ("import no_such_thing", ":build", r"cannot be imported \(ModuleNotFoundError"),
    ],
)
def test_one_sentence_for_all_else(tmp_path: Path, body: str, name: str, message: str) -> None:
    path = _write(tmp_path, body)
    with pytest.raises(DecoderError, match=message):
        load_factory(f"{path}{name}").build(**SIZES)  # type: ignore[arg-type]


def test_a_missing_file_package_or_name() -> None:
    with pytest.raises(DecoderError, match=r"There is no file nowhere\.py; check the path"):
        load_factory("nowhere.py:build")
    with pytest.raises(DecoderError, match=r"no_such_package\.part cannot be imported"):
        load_factory("no_such_package.part:build")
    with pytest.raises(DecoderError, match=r"'mine' names no decoder; pass my_decoder\.py:b"):
        load_factory("mine")
