"""Packages of decoders of the team's own: code that is packed, checked, and run when asked for."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from nbsuite.cli.main import main
from nbsuite.errors import PackageError
from nbsuite.submissions.package.build import pack
from nbsuite.submissions.package.lock import check_lock, dependency_lock
from nbsuite.submissions.package.own_code import distributions_of, imported_names
from nbsuite.submissions.package.validation import validate_package
from tests.submissions.conftest import FRACTION
from tests.submissions.packages import read, refusal, write

CODE = '''"""A decoder of the team's own."""

import os

import torch
from torch import nn

with open(os.environ["RUN_LOG"], "a") as log:
    log.write("run ")


class Mine(nn.Module):
    def __init__(self, channels, outputs):
        super().__init__()
        self.gru = nn.GRU(channels, 6)
        self.out = nn.Linear(6, outputs)

    def forward(self, spikes, state=None):
        hidden, state = self.gru(spikes, state)
        return self.out(hidden), state


def build(channels, outputs):
    return Mine(channels, outputs)
'''


@pytest.fixture
def run_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which the code says that it is run."""
    path = tmp_path / "run.log"
    monkeypatch.setenv("RUN_LOG", str(path))
    return path


@pytest.fixture
def sources(tmp_path: Path, run_log: Path) -> Path:
    """A folder with code, two checkpoints on a twin of I1, and their results."""
    import torch

    from nbsuite.benchmarking.session import measure_checkpoint
    from nbsuite.data.twins.generate import ensure_twin
    from nbsuite.models.checkpoint import CheckpointHeader, load_checkpoint, save_checkpoint
    from nbsuite.models.factory import load_factory
    from nbsuite.models.module_training import trainable_module
    from nbsuite.submissions.results import challenge
    from nbsuite.tasks.known import find_session
    from nbsuite.tasks.opening import load_recording

    folder, session = tmp_path / "sources", find_session("I1")
    folder.mkdir()
    code = folder / "my_decoder.py"
    code.write_text(CODE)
    recording = load_recording(ensure_twin(session, tmp_path / "data", fraction=FRACTION))
    factory = load_factory(f"{code}:build")
    results = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        module = factory.build(channels=96, outputs=2, step=0.004)
        spec = factory.spec(module, None, channels=96, outputs=2, step=0.004)
        decoder = trainable_module(factory, spec)
        path = folder / f"seed{seed}.safetensors"
        save_checkpoint(path, decoder, CheckpointHeader(spec, session.name, seed))
        loaded = load_checkpoint(path, lambda spec: trainable_module(factory, spec))
        results.append(measure_checkpoint(loaded, recording)[0])
    challenge.write_results(folder / "results", results)
    challenge_summary(folder / "results")
    run_log.unlink()
    return folder


def challenge_summary(folder: Path) -> None:
    from nbsuite.submissions.results.summaries import write_summary

    write_summary(folder, "Mine", twin=True)


@pytest.fixture
def own_package(sources: Path, submission_toml: Path, tmp_path: Path) -> Path:
    text = submission_toml.read_text().replace('model = "tinyRSNN"', 'model = "Mine"')
    (tmp_path / "submission.toml").write_text(text)
    path = tmp_path / "team.zip"
    pack([sources], tmp_path / "submission.toml", path, allow_twins=True, partial=True)
    return path


@pytest.fixture
def invoke(tmp_path: Path) -> Callable[..., Result]:
    def call(command: str, package: Path, *options: str) -> Result:
        data = () if command == "validate" else ("--data-dir", str(tmp_path / "data"))
        arguments = [command, str(package), "--allow-twins", "--partial", *data, *options]
        return CliRunner().invoke(main, ["submission", *arguments])

    return call


def test_a_package_holds_weights_code_and_requirements(own_package: Path, run_log: Path) -> None:
    files = read(own_package)
    assert files["decoder.py"] == CODE.encode()
    assert "evaluate.py" not in files
    assert b"torch==" in files["requirements.txt"]
    assert sum(name.endswith(".safetensors") for name in files) == 2
    assert b"--run-code" in files["README.md"]
    assert not run_log.exists()  # packing runs none of it


def test_validating_runs_none_of_it(
    own_package: Path, run_log: Path, invoke: Callable[..., Result]
) -> None:
    result = invoke("validate", own_package)
    assert result.exit_code == 0, result.stderr
    assert "decoder.py, code of the team's own that was not run here" in result.stderr
    assert not run_log.exists()


def test_verifying_runs_it_when_asked_alone(
    own_package: Path, run_log: Path, invoke: Callable[..., Result]
) -> None:
    refused = invoke("verify", own_package)
    assert refused.exit_code != 0
    assert "is not run unasked: unpack the package, read it, and verify with --run-code" in (
        refused.stderr
    )
    assert not run_log.exists()
    done = invoke("verify", own_package, "--run-code", "--json")
    assert done.exit_code == 0, done.stderr
    assert f"Running the team's own code: decoder.py of {own_package}" in done.stderr
    figures = json.loads(done.stdout)
    assert len(figures) == 2 * 7
    assert all(figure["agrees"] for figure in figures)
    assert run_log.exists()
    assert "holds no evaluate.py, which does not know its decoder; verify with --run-code" in (
        invoke("verify", own_package, "--run-script").stderr
    )


def test_weights_that_were_changed_do_not_verify(
    own_package: Path, invoke: Callable[..., Result], tmp_path: Path
) -> None:
    files = read(own_package)
    name = next(name for name in files if name.endswith("seed1.safetensors"))
    changed = bytearray(files[name])
    changed[-1] ^= 1
    files[name] = bytes(changed)
    (tmp_path / "unpacked").mkdir()
    message = refusal(write(tmp_path / "x.zip", files), tmp_path, partial=True)
    assert "its weights differ" in message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda code: code + "\n# later\n", "decoder.py is not the code that the results were"),
        (lambda code: "", "decoder.py is not the code"),
    ],
)
def test_other_code_is_refused(
    own_package: Path, tmp_path: Path, change: Callable[[str], str], message: str, run_log: Path
) -> None:
    files = read(own_package)
    files["decoder.py"] = change(files["decoder.py"].decode()).encode()
    (tmp_path / "unpacked").mkdir()
    assert message in refusal(write(tmp_path / "x.zip", files), tmp_path, partial=True)
    assert not run_log.exists()


def test_code_that_is_not_there(sources: Path, submission_toml: Path, tmp_path: Path) -> None:
    text = submission_toml.read_text().replace('model = "tinyRSNN"', 'model = "Mine"')
    (tmp_path / "submission.toml").write_text(text)
    with (sources / "my_decoder.py").open("a") as stream:
        stream.write("\n# changed since\n")
    with pytest.raises(PackageError, match=r"code of Mine, my_decoder.py:build, as it was when"):
        pack([sources], tmp_path / "submission.toml", tmp_path / "x.zip", allow_twins=True)


def test_both_runs_are_of_one_code(own_package: Path, tmp_path: Path) -> None:
    files = read(own_package)
    name = next(name for name in files if name.endswith(".provenance.json"))
    content = json.loads(files[name])
    content["runs"][0]["checkpoint"]["model"]["source_sha256"] = "0" * 64
    files[name] = json.dumps(content).encode()
    (tmp_path / "unpacked").mkdir()
    message = refusal(write(tmp_path / "x.zip", files), tmp_path, partial=True)
    assert "is another model than" in message or "with different code" in message


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("import os, numpy.linalg as n\nfrom torch import nn", {"numpy", "torch"}),
        ("def f():\n    import snntorch", {"snntorch"}),
        ("from nbsuite.neurons import layers", set()),
    ],
)
def test_what_code_imports(text: str, names: set[str]) -> None:
    assert imported_names(text, "x.py") == names


@pytest.mark.parametrize(
    ("text", "message"),
    [("def", "no text of Python"), ("from . import y", "imports from beside itself in line 1")],
)
def test_code_that_cannot_be_packed(text: str, message: str) -> None:
    with pytest.raises(PackageError, match=message):
        imported_names(text, "x.py")


def test_imports_of_files_beside_are_named() -> None:
    assert distributions_of({"numpy"}, "x.py") == ["numpy"]
    with pytest.raises(PackageError, match="imports 'beside', which is of no installed package"):
        distributions_of({"beside"}, "x.py")


def test_requirements_of_own_code_may_name_more_and_say_so() -> None:
    text = dependency_lock("decoder.py", ["click"])
    assert "click==" in text
    (remark,) = check_lock(text, "decoder.py")
    assert remark == "requirements.txt names what decoder.py needs besides nbsuite: click."
    with pytest.raises(PackageError, match="name==version"):
        check_lock(text + "--index-url http://x\n", "decoder.py")
    with pytest.raises(PackageError):
        check_lock(text)


def test_validating_imports_no_code(own_package: Path, tmp_path: Path) -> None:
    (tmp_path / "unpacked").mkdir()
    before: set[str] = set(sys.modules)
    validation: Any = validate_package(
        own_package, tmp_path / "unpacked", allow_twins=True, partial=True
    )
    assert validation.contents.has_own_code
    assert not [name for name in set(sys.modules) - before if "decoder" in name.lower()]
