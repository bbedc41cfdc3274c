"""What ``import nbsuite`` gives: its names, what they take and return, and what they never do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from matplotlib.figure import Figure
from neurobench.metrics.abstract import WorkloadMetric
from torch import Tensor, nn

import nbsuite
from nbsuite.cli.main import main
from nbsuite.data.folders import twin_path
from nbsuite.data.twins.generate import write_twin
from nbsuite.errors import CheckpointError, DecoderError, ResultsError, UsageError
from nbsuite.models.checkpoint import CheckpointHeader, save_checkpoint
from nbsuite.tasks.known import find_session

ROOT = Path(__file__).parents[2]


class LinearNet(nn.Module):
    """One matrix, a step at a time."""

    def __init__(self, channels: int = 96) -> None:
        super().__init__()
        self.layer = nn.Linear(channels, 2, bias=False)

    def forward(self, spikes: Tensor) -> Tensor:
        return self.layer(spikes)


@pytest.fixture
def checkpoint(tmp_path: Path, draw_decoder: Any) -> Path:
    path = tmp_path / "tinyRSNN-1.safetensors"
    decoder = draw_decoder(dtype="float16", seed=1)
    save_checkpoint(path, decoder, CheckpointHeader(decoder.spec, "indy_20160622_01", 1))
    return path


@pytest.fixture
def short_twin(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A short twin in the place of the full-length one of I1."""
    session = find_session("I1")
    path = twin_path(session, data_folder)
    write_twin(session, path, fraction=0.005)
    monkeypatch.setattr("nbsuite.data.twins.generate.ensure_twin", lambda *_, **__: path)
    return path


def test_the_public_names() -> None:
    """Another name, or one less, is a decision: see docs/api.md."""
    assert sorted(nbsuite.__all__) == [
        "BenchmarkRun",
        "Checkpoint",
        "NbsuiteError",
        "Recording",
        "StreamingDecoder",
        "__version__",
        "benchmark",
        "load_checkpoint",
        "load_recording",
        "plot_decoding",
        "plot_leaderboard",
        "read_results",
        "through_time",
        "train",
        "write_results",
    ]
    assert dir(nbsuite) == sorted(nbsuite.__all__)
    for name in nbsuite.__all__:
        assert getattr(nbsuite, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'benchmrk'"):
        _ = nbsuite.benchmrk  # type: ignore[attr-defined]


def test_no_public_name_is_that_of_a_module() -> None:
    beside = {path.stem for path in (ROOT / "nbsuite").iterdir()}
    assert not beside & set(nbsuite.__all__)


def test_each_name_is_described_in_the_documentation() -> None:
    text = (ROOT / "docs" / "api.md").read_text()
    assert not [name for name in nbsuite.__all__ if f"`{name}" not in text]
    for name in set(nbsuite.__all__) - {"__version__"}:
        assert getattr(nbsuite, name).__doc__


def test_importing_takes_nothing_along() -> None:
    program = (
        "import sys, nbsuite\n"
        "assert 'benchmark' in dir(nbsuite)\n"
        "print(*(name for name in ('numpy', 'torch', 'click', 'rich') if name in sys.modules))\n"
        "print(len([name for name in sys.modules if name.startswith('nbsuite')]))\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.stdout.split() == ["2"], ended.stderr  # nbsuite and nbsuite.checkout


def test_challenge_json_as_the_command_writes_it(
    tmp_path: Path, checkpoint: Path, tiny_recording_path: Path, capfd: Any
) -> None:
    run = nbsuite.benchmark(str(checkpoint), str(tiny_recording_path))
    assert capfd.readouterr() == ("", "")  # no output unless asked
    written = nbsuite.write_results(str(tmp_path / "python"), run)
    arguments = ["benchmark", checkpoint, "-s", tiny_recording_path, "-o", tmp_path / "command"]
    assert CliRunner().invoke(main, list(map(str, arguments))).exit_code == 0
    assert {path.name for path in written} == {
        path.name for path in (tmp_path / "command").iterdir()
    }
    for path in written:
        if "provenance" not in path.name:
            assert path.read_bytes() == (tmp_path / "command" / path.name).read_bytes()
    with pytest.raises(ResultsError, match="exists already"):
        nbsuite.write_results(tmp_path / "python", [run])
    nbsuite.write_results(tmp_path / "python", [run], force=True)
    read = nbsuite.read_results(tmp_path / "python")  # on no session of the challenge
    assert repr(read) == "<ResultsFolder [] and 2 others>"


def test_challenge_json_without_the_command_line(
    tmp_path: Path, checkpoint: Path, tiny_recording_path: Path
) -> None:
    program = (
        "import sys, nbsuite\n"
        "run = nbsuite.benchmark(*sys.argv[1:3])\n"
        "nbsuite.plot_decoding(run)\n"
        "nbsuite.write_results(sys.argv[3], run)\n"
        "print(*(name for name in sys.modules if name.startswith('nbsuite.cli')))\n"
    )
    arguments = [str(checkpoint), str(tiny_recording_path), str(tmp_path / "out")]
    ended = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True
    )
    assert ended.stdout == "\n", ended.stderr
    (written,) = (tmp_path / "out").glob("results_tinyRSNN_*[0-9].json")
    assert json.loads(written.read_text())["footprint"] == [21000]


def test_a_session_by_name(checkpoint: Path, short_twin: Path) -> None:
    recording = nbsuite.load_recording("I1")
    assert recording.twin
    assert nbsuite.load_recording(recording) is recording
    assert nbsuite.load_recording(short_twin).digest == recording.digest
    run = nbsuite.benchmark(nbsuite.load_checkpoint(checkpoint))  # on what it was trained for
    assert run.recording.digest == recording.digest
    assert run.result.twin
    with pytest.raises(UsageError, match="did you mean"):
        nbsuite.load_recording("indy_20160622_02")


def test_any_module(tiny_recording_path: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = LinearNet()
    recording = nbsuite.load_recording(tiny_recording_path)
    run = nbsuite.benchmark(net, recording, name="MyNet")
    assert run.result.model == "MyNet"
    assert run.values["dense"] == 2 * 96
    assert run.values["footprint"] == 4 * 2 * 96
    spikes = recording.spikes(recording.test.start, recording.test.stop)
    with torch.no_grad():
        expected = net(torch.from_numpy(spikes).float())
    np.testing.assert_allclose(run.decoded, expected.numpy(), rtol=1e-6, atol=1e-6)
    assert run.true.shape == run.decoded.shape
    nbsuite.write_results(tmp_path / "out", run)
    with pytest.raises(UsageError, match="hold the same weights"):
        nbsuite.write_results(tmp_path / "both", run, run)
    assert nbsuite.benchmark(net, recording).result.model == "LinearNet"
    with pytest.raises(UsageError, match="Name the recording"):
        nbsuite.benchmark(net)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (LinearNet, r"LinearNet is a class, .* pass what it makes, LinearNet\(\.\.\.\)"),
        (None, "A decoder is an nn.Module, .* not NoneType; pass one"),
        (3, "not int; pass one"),
    ],
)
def test_what_is_no_decoder(given: Any, fault: str, tiny_recording_path: Path) -> None:
    for name in (None, "mine"):
        with pytest.raises(DecoderError, match=fault):
            nbsuite.benchmark(given, tiny_recording_path, name=name)
    with pytest.raises(DecoderError, match=fault):
        nbsuite.StreamingDecoder(given, channels=96)


def test_a_decoder_of_ours_in_memory(tiny_recording_path: Path, draw_decoder: Any) -> None:
    run = nbsuite.benchmark(draw_decoder(), tiny_recording_path, name="mine", metrics=["r2"])
    assert run.result.model == "mine"
    assert list(run.values) == ["r2", "lookahead", "delay", "execution_rate"]
    assert run.spikes is not None
    assert run.spikes.shape == (len(run.recording.test), 64)


def test_progress_where_it_is_asked_for(
    checkpoint: Path, tiny_recording_path: Path, capfd: Any
) -> None:
    nbsuite.benchmark(checkpoint, tiny_recording_path, metrics=["footprint"], progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith(f"{tiny_recording_path}: a real recording\n")
    events: list[object] = []
    nbsuite.benchmark(
        checkpoint, tiny_recording_path, metrics=["footprint"], progress=events.append
    )
    assert {type(event).__name__ for event in events} >= {"Remark", "JobBegun", "JobDone"}
    assert capfd.readouterr() == ("", "")


def test_what_is_returned_says_shortly_what_it_is(
    checkpoint: Path, tiny_recording_path: Path
) -> None:
    recording = nbsuite.load_recording(tiny_recording_path)
    assert repr(recording) == (
        "<Recording indy_20990101_01: 5,000 steps of 4 ms, 96 channels, outputs x, y>"
    )
    loaded = nbsuite.load_checkpoint(str(checkpoint))
    assert repr(loaded) == f"<Checkpoint tinyRSNN seed 1 for indy_20160622_01: {checkpoint}>"
    run = nbsuite.benchmark(loaded, recording, metrics=["footprint", "r2"])
    assert repr(run).startswith(
        "<BenchmarkRun tinyRSNN seed 1 on indy_20990101_01: footprint 21000"
    )
    assert repr(run.result).startswith("<BenchmarkResult tinyRSNN seed 1 on indy_20990101_01: ")
    assert max(len(repr(each)) for each in (recording, run)) < 200


def test_pictures_are_figures(tmp_path: Path, checkpoint: Path, tiny_recording_path: Path) -> None:
    run = nbsuite.benchmark(checkpoint, tiny_recording_path, metrics=["r2"])
    figure = nbsuite.plot_decoding(run, seconds=2)
    assert isinstance(figure, Figure)
    figure.savefig(tmp_path / "decoding.pdf")
    assert (tmp_path / "decoding.pdf").read_bytes().startswith(b"%PDF-")
    assert isinstance(nbsuite.plot_leaderboard(), Figure)
    with pytest.raises(ResultsError, match="under the task mine/1"):
        nbsuite.plot_leaderboard(task="mine/1")


def test_folders_of_checkpoints(tmp_path: Path, checkpoint: Path, draw_decoder: Any) -> None:
    assert nbsuite.load_checkpoint(tmp_path).path == checkpoint
    decoder = draw_decoder(seed=2)
    save_checkpoint(tmp_path / "b.safetensors", decoder, CheckpointHeader(decoder.spec))
    with pytest.raises(CheckpointError, match="holds 2 checkpoints; name one of them"):
        nbsuite.load_checkpoint(str(tmp_path))
    with pytest.raises(UsageError, match="leave out name"):
        nbsuite.benchmark(checkpoint, "I1", name="other")


class Samples(WorkloadMetric):  # type: ignore[misc]
    """How many there are."""

    def __call__(self, _model: Any, preds: Tensor, _data: Any) -> float:
        return float(len(preds))


class Halved:
    """Half of what is decoded."""

    def __call__(self, outputs: Tensor) -> Tensor:
        return outputs / 2


def test_metrics_and_processors_of_ones_own(
    tmp_path: Path, checkpoint: Path, short_twin: Path
) -> None:
    plain = nbsuite.benchmark(checkpoint, short_twin)
    run = nbsuite.benchmark(
        checkpoint, short_twin, own_metrics=[Samples], postprocess=[Halved, Halved]
    )
    assert run.result.model == "tinyRSNN+Halved+Halved"
    assert run.values["samples"] == len(run.decoded) == len(plain.decoded)
    assert np.array_equal(run.decoded, plain.decoded / 4)
    assert run.values["lookahead"] == 0
    written = nbsuite.write_results(tmp_path / "out", run)
    assert any("tinyRSNN+Halved+Halved" in path.name for path in written)
    with pytest.raises(UsageError, match=r"There is no file nowhere\.py"):
        nbsuite.benchmark(checkpoint, short_twin, own_metrics=["nowhere.py:Jerk"])


def test_a_recording_of_one_s_own(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    arrays = rng.poisson(0.1, (4000, 8)), rng.normal(0, 1, (4000, 2)).cumsum(0)
    recording = nbsuite.Recording.from_arrays(*arrays, step=0.02, name="mine")
    run = nbsuite.benchmark(LinearNet(8), recording, name="MyNet")
    nbsuite.write_results(tmp_path / "out", run)
    assert repr(nbsuite.read_results(tmp_path / "out")) == (
        "<ResultsFolder [<ModelResults MyNet on mine>]>"
    )
    assert isinstance(nbsuite.plot_leaderboard(tmp_path / "out", task="mine/1"), Figure)
    trained = nbsuite.train("ridge", recording.save(tmp_path / "mine.h5"), output=tmp_path / "runs")
    with pytest.raises(UsageError, match="a recording of your own: name its file"):
        nbsuite.benchmark(trained)
    assert nbsuite.benchmark(trained, tmp_path / "mine.h5").result.model == "ridge"


@pytest.mark.parametrize("given", [None, 3, [1, 2]])
def test_what_is_no_recording_is_refused(given: Any) -> None:
    for use in (nbsuite.load_recording, lambda each: nbsuite.train("tinyRSNN", each)):
        with pytest.raises(nbsuite.NbsuiteError, match="A recording is the name of a session"):
            use(given)


def test_one_may_stand_where_several_may(tiny_recording_path: Path, draw_decoder: Any) -> None:
    run = nbsuite.benchmark(draw_decoder(), tiny_recording_path, name="mine", metrics="r2")
    assert "r2" in run.values
    with pytest.raises(nbsuite.NbsuiteError, match="'half'"):
        nbsuite.benchmark(draw_decoder(), tiny_recording_path, metrics="half")
    with pytest.raises(nbsuite.NbsuiteError, match="'haf'"):
        nbsuite.train("tinyRSNN", tiny_recording_path, stages="haf")
