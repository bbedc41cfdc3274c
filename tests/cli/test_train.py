"""``nbsuite train``: from a recording to challenge-format results, and what it refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from nbsuite.cli.main import main
from nbsuite.data.twins.generate import ensure_twin
from nbsuite.models.checkpoint import CheckpointHeader, save_checkpoint
from nbsuite.tasks.known import find_session
from nbsuite.tasks.opening import load_recording

NAME = "indy_20990101_01"
SETTINGS = (
    *("windows.steps=25", "windows.offset_steps=25", "training.batch=50"),
    *("prune.highest=0.4", "prune.rule=clean", "training.schedule_epochs=2"),
)


def _run(*arguments: object, status: int = 0) -> Result:
    settings = [part for setting in SETTINGS for part in ("--set", setting)]
    result = CliRunner().invoke(main, ["train", *map(str, arguments), *settings])
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def recording(tmp_path: Path, tiny_recording_path: Path) -> Path:
    return Path(shutil.copy(tiny_recording_path, tmp_path / tiny_recording_path.name))


def test_trains_and_writes_official_results(recording: Path, tmp_path: Path) -> None:
    root = tmp_path / "runs"
    command = ("tinyRSNN", "-s", recording, "--pretrain-on", recording, "--epochs", 2, "-o", root)
    first = _run(*command)
    for text in (
        f"pretrain: starting in {root}",
        "kernels are compiled the first time",
        "finetune 2/2: loss ",
        "prune at 40% 1/2: loss ",
        "40% of the weights removed",
        "half: done",
    ):
        assert text in first.stderr
    assert "21,000" in first.stdout
    content = json.loads((root / "results" / f"results_tinyRSNN_{NAME}.json").read_text())
    assert content["footprint"] == [21000]
    assert content["connection_sparsity"][0] == pytest.approx(0.4, abs=1e-3)
    path = root / "results" / f"results_tinyRSNN_{NAME}.provenance.json"
    (run,) = json.loads(path.read_text())["runs"]
    assert run["checkpoint"]["precision"] == "float16"
    assert run["checkpoint"]["recipe"]["finetune"]["epochs"] == 2
    picture = root / "results" / f"decoding_tinyRSNN_{NAME}_seed1.png"
    assert picture.stat().st_size > 10_000
    assert (root / "results" / "results_summary_tinyRSNN.json").is_file()

    again = _run(*command, "--seed", 2, "--json")
    printed = json.loads(again.stdout)
    assert [result["seed"] for result in printed["results"]] == [1, 2]
    stages = printed["runs"][0]["stages"]
    assert list(stages) == ["pretrain", "finetune", "prune", "half"]
    assert stages["prune"]["summary"]["sparsity"] == 0.4
    assert all(Path(file).is_file() for file in printed["files"])
    content = json.loads((root / "results" / f"results_tinyRSNN_{NAME}.json").read_text())
    assert len(content["r2"]) == 2

    other = _run(*command, "--set", "training.lr=0.1", status=1)
    assert "training.lr 0.002, not 0.1: choose another folder with --output" in other.stderr


def test_runs_that_differ_in_more_than_the_seed_share_no_results(
    recording: Path, tmp_path: Path, draw_decoder: Any
) -> None:
    root, start = tmp_path / "runs", tmp_path / "start.safetensors"
    decoder = draw_decoder()
    save_checkpoint(start, decoder, CheckpointHeader(decoder.spec))
    command = ("tinyRSNN", "-s", recording, "--stages", "finetune", "--epochs", 1, "-o", root, "-q")
    _run(*command)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    for option, what in (
        (("--pretrained", start), "other weights to start from"),
        (("--kernel", "reference"), 'compute.kernel "numba", not "reference"'),
        (("--set", "training.lr=0.1"), "training.lr 0.002, not 0.1"),
    ):
        refused = _run(*command, "--seed", 2, *option, status=1)
        (sentence,) = [line for line in refused.stderr.splitlines() if line.startswith("Error")]
        assert f"{NAME}_seed1 was made with {what}, and results over seeds are" in sentence
        assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before

    _run(*command, "--seed", 2, "--pretrained", start, "--force")
    content = json.loads((root / "results" / f"results_tinyRSNN_{NAME}.json").read_text())
    assert len(content["r2"]) == 1
    assert (root / f"tinyRSNN_{NAME}_seed1" / "finetune" / "stage.json").is_file()


def test_lines_of_json_for_programs(recording: Path, tmp_path: Path) -> None:
    arguments = ("tinyrsnn", "-s", recording, "--stages", "finetune", "--epochs", 2, "--log-json")
    result = _run(*arguments, "-o", tmp_path / "runs")
    *epochs, last = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(line["stage"], line["epoch"]) for line in epochs] == [("finetune", 1), ("finetune", 2)]
    folder = Path(epochs[0]["folder"])
    kept = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert kept == [{k: v for k, v in line.items() if k != "folder"} for line in epochs]
    assert last["results"][0]["values"]["footprint"] == 42000
    assert "loss" not in result.stderr


def test_quiet_is_quiet(recording: Path, tmp_path: Path) -> None:
    arguments = ("tinyRSNN", "-s", recording, "--stages", "finetune", "--epochs", 1, "-q")
    result = _run(*arguments, "--seed", "1-2", "-o", tmp_path / "runs")
    assert "loss" not in result.stderr
    assert "42,000" in result.stdout
    names = {path.name for path in (tmp_path / "runs").iterdir()}
    assert names == {"results", f"tinyRSNN_{NAME}_seed1", f"tinyRSNN_{NAME}_seed2"}


def test_twins_are_called_twins(tmp_path: Path) -> None:
    twin = ensure_twin(find_session("I3"), tmp_path, fraction=0.03)
    arguments = ("tinyRSNN", "-s", twin, "--pretrain-on", twin, "--stages", "pretrain,finetune")
    result = _run(*arguments, "--epochs", 1, "-o", tmp_path / "runs")
    assert "TWIN" in result.stdout
    (pretrained,) = (tmp_path / "runs" / "pretrain").iterdir()
    assert pretrained.name.startswith("tinyRSNN_indy-twin_seed1_")
    assert (tmp_path / "runs" / "results" / "results_summary_tinyRSNN-twin.json").is_file()


def test_pretraining_alone_measures_nothing(recording: Path, tmp_path: Path) -> None:
    arguments = ("tinyRSNN", "-s", recording, "--pretrain-on", recording, "--stages", "pretrain")
    result = _run(*arguments, "--epochs", 1, "--json", "-o", tmp_path / "runs")
    assert json.loads(result.stdout)["results"] == []
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {"pretrain"}
    later = _run(
        *("tinyRSNN", "-s", recording, "--stages", "finetune", "--epochs", 1),
        *("-o", tmp_path / "runs"),
    )
    assert f"finetune starts from {tmp_path / 'runs' / 'pretrain'}" in later.stderr


def test_a_loss_that_is_not_finite_is_told_in_a_sentence(recording: Path, tmp_path: Path) -> None:
    too_large = ("--set", "initialisation.sigma_u=1e38")
    arguments = ("tinyRSNN", "-s", recording, "--stages", "finetune", "--epochs", 2, *too_large)
    result = _run(*arguments, "-o", tmp_path / "runs", status=1)
    assert "Error: The finetune stage stopped in epoch 1, batch " in result.stderr
    assert "keeps the state of the stage's beginning: check the recordings" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--epochs", "0"], 2, "0 is not in the range x>=1"),
        (["--set", "finetune.epochs=0"], 2, "finetune.epochs is 0; it must be at least 1"),
        (["--set", "training.lrr=1"], 2, "no 'training.lrr'; did you mean training.lr"),
        (["--set", "training.lr=fast"], 2, "training.lr is 'fast'; it must be a number"),
        (["--stages", "finetune", "--set", "windows.steps=4000"], 1, "less than one window"),
        (["--stages=finetune", "--set=windows.validation_share=0.00001"], 1, "to validate on"),
        (["--stages", "finetun"], 2, "no stage 'finetun'; did you mean finetune?"),
        (["--stages", ","], 2, "No stage is named"),
        (["--stages", "prune"], 1, "add finetune to --stages"),
        (["--seed", "5-1"], 2, "'5-1' is neither a seed"),
        (["--seed", "one"], 2, "'one' is neither a seed"),
        (["--seed", "1-1000000000"], 2, "a range names at most 1,000"),
        (["--seed", f"{2**63}"], 2, "seeds go up to 9223372036854775807"),
        (["--seed", "9" * 5000], 2, "is neither a seed"),
        (["--seed", "\u0661"], 2, "is neither a seed"),
        (["--threads", "100000"], 2, "1 to 1,024 can be used"),
        (["--epochs", "1000000000"], 2, "at least 1 and at most 60,000"),
        (["--set", f"training.batch={'9' * 400}"], 2, "The recipe's training.batch is 999"),
        (["--pretrained", "none.safetensors"], 1, "no checkpoint at none.safetensors"),
        (["--stages", "finetune", "--pretrain-on", "I1"], 2, "--pretrain-on is of no use"),
        (["--log-json", "--json"], 2, "leave out --json"),
        (["--kernel", "numba", "--device", "cuda:99"], 2, "no device 'cuda:99'"),
        (["--kernel", "triton"], 2, "The triton kernel"),
        ([], 2, "no public session"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    recording: Path, tmp_path: Path, arguments: list[str], status: int, message: str
) -> None:
    root = tmp_path / "runs"
    command = ["train", "tinyRSNN", "-s", str(recording), "-o", str(root), *arguments]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == status, result.output
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert not root.exists()


def test_a_session_too_short_is_refused_before_twins_are_generated(
    tmp_path: Path, data_folder: Path
) -> None:
    twin = ensure_twin(find_session("I1"), tmp_path, fraction=0.005)
    command = ["train", "tinyRSNN", "-s", str(twin), "--set", "windows.steps=4000"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 1
    assert f"{twin}: a TWIN of I1\n" in result.stderr
    assert "to train on, less than one window of 16 s" in result.stderr
    assert list(data_folder.iterdir()) == []


def test_a_file_that_cannot_grow_is_said(
    recording: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    command = ("tinyRSNN", "-s", recording, "--stages", "finetune", "--epochs", 2, "-o", "runs")
    load_recording(recording)  # what it keeps is larger than that
    request.getfixturevalue("small_files")
    stopped = _run(*command, status=1)
    assert "Error: A file would be larger than is allowed here: raise the limit" in stopped.stderr
    assert [path for path in Path("runs").rglob("*") if path.suffix in (".part", ".json")] == []


def test_a_checkpoint_of_another_decoder_is_refused(
    recording: Path, tmp_path: Path, draw_decoder: Any
) -> None:
    decoder, path = draw_decoder(channels=192), tmp_path / "loco.safetensors"
    save_checkpoint(path, decoder, CheckpointHeader(decoder.spec))
    result = _run("tinyRSNN", "-s", recording, "--pretrained", path, "-o", "runs", status=1)
    assert "loco.safetensors is a tinyRSNN of 192 channels" in result.stderr
    assert not Path("runs").exists()


def test_unknown_models_and_missing_sessions_are_named() -> None:
    assert "did you mean tinyRSNN?" in _run("tinyRSN", "-s", "I1", status=2).stderr
    assert "--session I1" in _run("tinyRSNN", status=2).stderr
    assert "no session 'I9'" in _run("tinyRSNN", "-s", "I9", status=2).stderr


def test_where_nothing_can_be_written_nothing_is_trained(recording: Path, tmp_path: Path) -> None:
    loop, taken = tmp_path / "loop", tmp_path / "taken"
    loop.symlink_to(loop)
    taken.mkdir()
    (taken / "results").touch()
    command = ("tinyRSNN", "-s", recording, "--stages", "finetune", "-o")
    for root, fault in (
        (loop / "runs", "its links lead round in a circle"),
        (taken, "it exists already"),
    ):
        assert f": {fault}: choose another" in _run(*command, root, status=1).stderr
    assert [path.name for path in taken.iterdir()] == ["results"]


def test_interrupting_says_how_to_go_on(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*arguments: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("nbsuite.cli.train.runs.run_plan", interrupt)
    arguments = ("tinyRSNN", "-s", recording, "--stages", "finetune", "-o", tmp_path / "runs")
    result = _run(*arguments, status=130)
    assert "give the same command again to go on" in result.stderr
    assert "Interrupted." in result.stderr


def test_the_linear_decoder(recording: Path, tmp_path: Path) -> None:
    command = ["train", "ridge", "-s", str(recording), "-o", str(tmp_path / "runs")]
    result = CliRunner().invoke(main, [*command, "--set", "ridge.bins=3"])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "runs" / f"ridge_{NAME}" / "weights.safetensors").is_file()
    assert (tmp_path / "runs" / "results" / f"decoding_ridge_{NAME}_weights.png").is_file()
    path = tmp_path / "runs" / "results" / f"results_ridge_{NAME}.json"
    content = json.loads(path.read_text())
    assert content["macs"][0] > 0
    (run,) = json.loads(path.with_suffix(".provenance.json").read_text())["runs"]
    assert run["checkpoint"]["recipe"]["ridge"]["bins"] == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--epochs", "3"), "--epochs does not apply to ridge"),
        (("--seed", "3"), "--seed does not apply to ridge"),
        (("--set", "training.lr=1"), "The recipe has no 'training.lr'; its sections are ridge."),
        (("--set", "ridge.bin=1"), "did you mean ridge.bins"),
        (("--set", "ridge.bins=0"), "ridge.bins is 0; it must be at least 1"),
    ],
)
def test_what_the_linear_decoder_does_not_take(
    recording: Path, options: tuple[str, ...], message: str
) -> None:
    result = CliRunner().invoke(main, ["train", "ridge", "-s", str(recording), *options])
    assert result.exit_code == 2
    assert message in result.stderr
    assert not Path("runs").exists()
