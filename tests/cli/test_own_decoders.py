"""A decoder of one's own from the command line: begun, checked and measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result

from nbsuite.cli.main import main

FOLDER = Path(__file__).parents[1] / "own_decoders"


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments])


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "my_decoder.py"
    assert _run("new", "decoder", path).exit_code == 0
    return path


def test_the_template_holds_to_the_contract(template: Path) -> None:
    answer = _run("check", f"{template}:build", "--json")
    findings = json.loads(answer.output)
    assert answer.exit_code == 0
    assert all(each["holds"] for each in findings)
    points = ["interface", "dtype", "determinism", "reset", "finite", "chunks", "causality"]
    assert [each["point"] for each in findings] == [*points, "counting", "footprint"]
    other = _run("check", f"{template}:build", "--channels", 7, "--outputs", 3, "--step", 0.05)
    assert other.exit_code == 0
    assert "causality" in other.output


def test_the_template_learns(template: Path) -> None:
    """Gradients reach every parameter, the decays among them."""
    from nbsuite.models.factory import load_factory

    torch.manual_seed(0)
    net: Any = load_factory(f"{template}:build").build(channels=20, outputs=2, step=0.004)
    outputs, _ = net((torch.rand(200, 3, 20) < 0.1).float())
    assert outputs.shape == (200, 3, 2)
    outputs.square().mean().backward()
    assert all(each.grad.abs().sum() > 0 for each in net.parameters())


def test_new_does_not_overwrite(template: Path) -> None:
    template.write_text("mine")
    refused = _run("new", "decoder", template)
    assert refused.exit_code == 2
    assert "is there already; choose another name" in refused.output
    assert template.read_text() == "mine"
    assert _run("new", "decoder", template, "--force").exit_code == 0
    assert template.read_text() != "mine"
    assert "name that ends with .py" in _run("new", "decoder", "decoder.txt").output


def test_check_fails_on_what_does_not_hold(tmp_path: Path) -> None:
    path = tmp_path / "ahead.py"
    path.write_text(
        "import torch\nfrom torch import nn\n\n"
        "class Ahead(nn.Module):\n"
        "    def __init__(self, channels=96):\n"
        "        super().__init__()\n"
        "        self.fc = nn.Linear(channels, 2)\n"
        "    def forward(self, spikes, state=None):\n"
        "        return self.fc(spikes).flip(0).cumsum(0).flip(0), None\n"
    )
    answer = _run("check", f"{path}:Ahead")
    assert answer.exit_code == 1
    assert "looks ahead to the end of whatever sequence it is given" in answer.output
    assert "does not hold to chunks and causality; mend what is said above" in answer.output


def test_benchmark_writes_results_under_the_decoders_name(
    template: Path, tmp_path: Path, tiny_recording_path: Path
) -> None:
    from nbsuite.models.factory import load_factory

    torch.manual_seed(3)
    net: Any = load_factory(f"{template}:build").build(channels=96, outputs=2, step=0.004)
    torch.save(net.state_dict(), tmp_path / "w.pt")
    arguments = ["benchmark", f"{template}:build", "--weights", tmp_path / "w.pt"]
    arguments += ["-s", tiny_recording_path, "-o", tmp_path / "results"]
    answer = _run(*arguments)
    assert answer.exit_code == 0, answer.output
    assert "Note: Network was given sequences, whose first 256 steps equal" in answer.output
    stem = f"results_Network_{tiny_recording_path.stem}"
    values = json.loads((tmp_path / "results" / f"{stem}.json").read_text())
    assert values["footprint"] == [4 * (96 * 64 + 64 * 2 + 64 + 2) + 2 * (4 + 4 + 8)]
    provenance = json.loads((tmp_path / "results" / f"{stem}.provenance.json").read_text())
    (run,) = provenance["runs"]
    assert run["checkpoint"]["file"] == "w.pt"
    assert run["checkpoint"]["model"]["factory"] == "my_decoder.py:build"
    assert len(run["checkpoint"]["model"]["source_sha256"]) == 64
    assert run["run"]["kernel"] == "sequence"
    assert "before the first call" in run["run"]["footprint_measured"]
    assert run["run"]["footprint_in_use"] >= values["footprint"][0]
    again = _run(*arguments)
    assert "it is kept" in again.output
    compared = _run(*arguments[:-2], "--verify", 200)
    assert compared.exit_code == 0, compared.output


def test_benchmark_says_how_it_was_run(tmp_path: Path, tiny_recording_path: Path) -> None:
    reference = f"{FOLDER / 'lstm.py'}:build"
    answer = _run(
        "benchmark", reference, "-s", tiny_recording_path, "--name", "mine", "-o", tmp_path
    )
    assert answer.exit_code == 0, answer.output
    assert "mine was given one sample at a time, for it takes no sequences." in answer.output
    assert (tmp_path / f"results_mine_{tiny_recording_path.stem}.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.py:build", "-s", "I1"], "There is no file nowhere.py; check the path."),
        (["DECODER"], "does not say which session it is for; name one with --session."),
        (["DECODER", "-s", "TINY", "--name", "../x"], "decoder's name '../x' is no name"),
        (["DECODER", "-s", "TINY", "--weights", "w.pt"], "There is no file w.pt; check the path."),
        (
            ["x.safetensors", "--name", "x"],
            "--name is for one decoder of your own, and 0 are",
        ),
    ],
)
def test_bad_arguments(arguments: list[str], message: str, tiny_recording_path: Path) -> None:
    places = {"DECODER": f"{FOLDER / 'gru.py'}:build", "TINY": str(tiny_recording_path)}
    answer = _run("benchmark", *(places.get(each, each) for each in arguments))
    assert answer.exit_code != 0
    assert message in answer.output
    assert "Traceback" not in answer.output


@pytest.mark.parametrize("fault", ["/ 0", "* float('nan')"])
def test_values_that_are_not_finite_are_refused(
    fault: str, tmp_path: Path, tiny_recording_path: Path
) -> None:
    path = tmp_path / "infinite.py"
    path.write_text(
        "from torch import nn\n\n"
        "class Net(nn.Module):\n"
        "    def __init__(self, channels):\n"
        "        super().__init__()\n"
        "        self.fc = nn.Linear(channels, 2)\n"
        "    def forward(self, sample):\n"
        f"        return self.fc(sample) {fault}\n"
    )
    answer = _run("benchmark", f"{path}:Net", "-s", tiny_recording_path, "-o", tmp_path / "r")
    assert answer.exit_code == 1
    assert "infinite.py decodes values that are infinite or no numbers" in answer.output


def test_weights_trained_here_tell_their_session_and_seed(
    template: Path, tmp_path: Path, tiny_recording_path: Path
) -> None:
    from nbsuite.benchmarking.own_decoders import OwnDecoder, Weights, built_for
    from nbsuite.conversions.own_weights import read_weights
    from nbsuite.models.checkpoint import CheckpointHeader, header_in, save_checkpoint
    from nbsuite.models.factory import load_factory
    from nbsuite.tasks.opening import load_recording

    recording = load_recording(tiny_recording_path)
    own = OwnDecoder(load_factory(f"{template}:build"))
    untrained, again = (built_for(own, recording) for _ in range(2))
    assert untrained.digest == again.digest
    path = tmp_path / "w.safetensors"
    header = CheckpointHeader(untrained.header.spec, session=recording.session.name, seed=7)
    save_checkpoint(path, untrained.decoder, header)
    weights = Weights(path, read_weights(path), header_in(path))
    built = built_for(own, recording, weights)
    assert built.digest == untrained.digest
    assert (built.header.seed, built.header.session) == (7, recording.session.name)
    answer = _run("benchmark", f"{template}:build", "--weights", path, "--json")
    assert f"'{recording.session.name}'" in answer.output  # no public session is called so


def test_in_a_folder_decoders_without_their_code_are_left_out(
    template: Path, tmp_path: Path, tiny_recording_path: Path, draw_decoder: Any
) -> None:
    from nbsuite.benchmarking.own_decoders import OwnDecoder, built_for
    from nbsuite.models.checkpoint import CheckpointHeader, save_checkpoint
    from nbsuite.models.factory import load_factory
    from nbsuite.tasks.opening import load_recording

    own = built_for(
        OwnDecoder(load_factory(f"{template}:build")), load_recording(tiny_recording_path)
    )
    runs = tmp_path / "runs"
    for name in ("own1", "own2"):
        save_checkpoint(runs / name / "weights.safetensors", own.decoder, own.header)
    arguments = ["benchmark", runs, "-s", tiny_recording_path, "-o", tmp_path / "results"]
    alone = _run(*arguments)
    assert alone.exit_code == 1
    assert "whose code is not in it: name both" in alone.stderr

    ours = draw_decoder(dtype="float16")
    save_checkpoint(
        runs / "tiny" / "weights.safetensors", ours, CheckpointHeader(ours.spec, None, 1)
    )
    answer = _run(*arguments)
    assert answer.exit_code == 0, answer.output
    (note,) = [line for line in answer.stderr.splitlines() if line.startswith("Note: ")]
    assert note.startswith(f"Note: {runs / 'own1' / 'weights.safetensors'} holds the weights of")
    assert note.endswith("It is left out, and 1 more with it.")
    assert [path.name for path in (tmp_path / "results").glob("results_*_01.json")] == [
        f"results_tinyRSNN_{tiny_recording_path.stem}.json"
    ]
    named = _run(*arguments, runs / "own2" / "weights.safetensors")
    assert named.exit_code == 1
    assert "own2" in named.stderr
