"""Packages of decoders of every kind: packed, validated and verified."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from nbsuite.cli.main import main
from nbsuite.models.checkpoint import CheckpointHeader, save_checkpoint
from nbsuite.models.kinds import KINDS
from nbsuite.submissions.package.submission import TEMPLATE
from tests.contract.test_contract import ALL, draw
from tests.contract.toy import KIND, ToySpec
from tests.submissions.packages import read, refusal, write

FRACTION = 0.005
KNOWN_TO_THE_SCRIPT = ("tinyRSNN", "five heads")
OF_THE_TASK = tuple(name for name in ALL if name != "three outputs")
"""Packages are for the challenge, whose recordings have two outputs."""


@pytest.fixture(autouse=True)
def _toy_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, ToySpec.kind, KIND)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a short twin of I1."""
    from nbsuite.data.twins.generate import ensure_twin
    from nbsuite.tasks.known import find_session

    folder = tmp_path_factory.mktemp("data")
    ensure_twin(find_session("I1"), folder, fraction=FRACTION)
    return folder


Run = Callable[..., Any]


@pytest.fixture
def run(data: Path) -> Run:
    def call(*arguments: object, status: int = 0) -> Any:
        texts = [str(each) for each in arguments]
        outcome = CliRunner().invoke(main, texts)
        assert outcome.exit_code == status, outcome.output
        return outcome

    return call


def _packed(name: str, data: Path, folder: Path, run: Run) -> Path:
    decoder = draw(name, 96)
    (twin,) = data.rglob("*.mat")
    weights = folder / "weights.safetensors"
    save_checkpoint(weights, decoder, CheckpointHeader(decoder.spec, "indy_20160622_01", 1))
    run("benchmark", weights, "-s", twin, "-o", folder / "results")
    filled = {
        "team": '"T"',
        "authors": '["A"]',
        "contact": '"a@b.org"',
        "licence": '"MIT"',
        "description": '"D"',
        "model": json.dumps(decoder.spec.name),
    }
    lines = TEMPLATE.replace('"""\n"""', '""').split("\n")
    text = "\n".join(
        f"{key} = {filled[key]}" if (key := line.partition(" = ")[0]) in filled else line
        for line in lines
    )
    (folder / "submission.toml").write_text(text)
    package = folder / "team.zip"
    options = ("--submission", folder / "submission.toml", "--allow-twins", "--partial")
    run("submission", "pack", folder / "results", weights, *options, "-o", package)
    return package


@pytest.mark.parametrize("name", OF_THE_TASK)
def test_a_package_holds_what_it_takes(name: str, data: Path, tmp_path: Path, run: Run) -> None:
    package = _packed(name, data, tmp_path, run)
    assert ("evaluate.py" in read(package)) == (name in KNOWN_TO_THE_SCRIPT)
    run("submission", "validate", package, "--allow-twins", "--partial")
    verify = ("verify", package, "--allow-twins", "--partial", "--data-dir", data)
    run("submission", *verify)
    if name not in KNOWN_TO_THE_SCRIPT:
        refused = run("submission", *verify, "--run-script", status=1)
        assert "holds no evaluate.py" in refused.output


def test_figures_that_the_weights_have_not_are_refused(
    data: Path, tmp_path: Path, run: Run
) -> None:
    package = _packed("SNN2", data, tmp_path, run)
    files = read(package)
    true = json.loads(next(text for name, text in files.items() if "summary" in name))
    footprint = int(true["average"]["footprint"])
    for name in [name for name in files if name.startswith("results/")]:
        text = files[name].decode()
        files[name] = text.replace(str(footprint), str(footprint - 4)).encode()
    write(tmp_path / "changed.zip", files)
    message = refusal(tmp_path / "changed.zip", tmp_path, partial=True)
    assert f"where its checkpoint has {footprint}" in message
