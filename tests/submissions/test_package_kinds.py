"""Packages of every kind of decoder that nbsuite knows: those that evaluate.py does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nbsuite.cli.main import main
from nbsuite.submissions.package.build import pack
from tests.submissions.conftest import FRACTION
from tests.submissions.packages import read, refusal, write

KINDS = ("two layers", "linear", "ANN3D", "SNN2")


@pytest.fixture(params=KINDS)
def other_package(request: pytest.FixtureRequest, submission_toml: Path, tmp_path: Path) -> Path:
    """A package of a decoder with random weights, on a twin of I1."""
    import torch

    from nbsuite.benchmarking.session import measure_checkpoint
    from nbsuite.data.twins.generate import ensure_twin
    from nbsuite.models.baselines.spec import BaselineSpec
    from nbsuite.models.checkpoint import CheckpointHeader, load_checkpoint, save_checkpoint
    from nbsuite.models.kinds import new_decoder
    from nbsuite.models.linear import LinearSpec
    from nbsuite.models.spec import ModelSpec
    from nbsuite.submissions.results import challenge
    from nbsuite.submissions.results.summaries import write_summary
    from nbsuite.tasks.known import find_session
    from nbsuite.tasks.opening import load_recording

    specs = {
        "two layers": ModelSpec("Other", 96, 8, (0.02, 0.01), ((0.05, 0.01),), layers=2),
        "linear": LinearSpec("Other", channels=96, bins=2, bin_steps=3),
    }
    spec = specs.get(request.param) or BaselineSpec(request.param, 96)
    torch.manual_seed(1)
    decoder, session = new_decoder(spec), find_session("I1")
    path, results = tmp_path / "seed1.safetensors", tmp_path / "results"
    save_checkpoint(path, decoder, CheckpointHeader(spec, session.name, 1))
    recording = load_recording(ensure_twin(session, tmp_path / "data", fraction=FRACTION))
    challenge.write_results(results, [measure_checkpoint(load_checkpoint(path), recording)[0]])
    write_summary(results, spec.name, twin=True)
    text = submission_toml.read_text().replace('model = "tinyRSNN"', f'model = "{spec.name}"')
    (tmp_path / "submission.toml").write_text(text)
    package = tmp_path / "team.zip"
    pack([results, path], tmp_path / "submission.toml", package, allow_twins=True, partial=True)
    return package


@pytest.fixture
def verify(tmp_path: Path) -> Callable[..., Result]:
    def call(package: Path, *options: str) -> Result:
        arguments = [str(package), "--allow-twins", "--partial", "--data-dir"]
        return CliRunner().invoke(
            main, ["submission", "verify", *arguments, str(tmp_path / "data"), *options]
        )

    return call


def test_it_is_packed_and_verified_by_nbsuite_alone(
    other_package: Path, verify: Callable[..., Result]
) -> None:
    files = read(other_package)
    assert not {"evaluate.py", "decoder.py"} & files.keys()
    assert b"pip install nbsuite" in files["README.md"]
    done = verify(other_package, "--json")
    assert done.exit_code == 0, done.stderr
    assert "run by nbsuite alone" in done.stderr
    assert all(figure["agrees"] for figure in json.loads(done.stdout))
    refused = verify(other_package, "--run-script")
    assert refused.exit_code != 0
    assert "holds no evaluate.py, which does not know its decoder" in refused.stderr


def test_other_figures_than_the_weights_have_are_refused(
    other_package: Path, tmp_path: Path
) -> None:
    files = read(other_package)
    names = [name for name in files if name.startswith("results/") and name.endswith(".json")]
    for name in names:
        content = json.loads(files[name])
        if "runs" in content:
            content["runs"][0]["metrics"]["footprint"] = 7
        elif "average" in content:
            content = {key: {**means, "footprint": 7} for key, means in content.items()}
        else:
            content["footprint"] = [7]
        files[name] = json.dumps(content).encode()
    (tmp_path / "unpacked").mkdir()
    message = refusal(write(tmp_path / "x.zip", files), tmp_path, partial=True)
    assert "footprint = 7, where its checkpoint has" in message
