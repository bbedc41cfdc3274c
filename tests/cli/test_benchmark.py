from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from nbsuite.benchmarking import session
from nbsuite.cli.main import main
from nbsuite.data.twins.generate import write_twin
from nbsuite.models.checkpoint import CheckpointHeader, save_checkpoint
from nbsuite.models.training_data import TrainingData
from nbsuite.submissions.results.block_errors import block_errors_of
from nbsuite.tasks.known import find_session

NAME = "indy_20990101_01"


def _run(*arguments: object, status: int = 0) -> Result:
    result = CliRunner().invoke(main, ["benchmark", *map(str, arguments)])
    assert result.exit_code == status, result.output
    return result


@pytest.fixture
def recording(tmp_path: Path, tiny_recording_path: Path) -> Path:
    return Path(shutil.copy(tiny_recording_path, tmp_path / tiny_recording_path.name))


@pytest.fixture
def make_checkpoint(tmp_path: Path, draw_decoder: Any) -> Any:
    def make(seed: int | None = 1, session: str | None = None, **options: Any) -> Path:
        path = tmp_path / f"seed{seed}.safetensors"
        decoder = draw_decoder(dtype="float16", seed=seed or 0, **options)
        save_checkpoint(path, decoder, CheckpointHeader(decoder.spec, session, seed))
        return path

    return make


def test_writes_challenge_json_and_provenance(
    tmp_path: Path, recording: Path, make_checkpoint: Any
) -> None:
    folder = tmp_path / "out"
    runs = [make_checkpoint(2), make_checkpoint(1)]
    result = _run(*runs, "--session", recording, "-o", folder)
    assert "21,000" in result.stdout
    assert "real" in result.stdout
    assert f"{recording}: a real recording\n" in result.stderr

    content = json.loads((folder / f"results_tinyRSNN_{NAME}.json").read_text())
    assert {len(values) for values in content.values()} == {2}
    assert content["footprint"] == [21000, 21000]
    assert content["dense"] == [10368, 10368]
    assert all(0.5 < value < 1 for value in content["activation_sparsity"])
    summary = json.loads((folder / "results_summary_tinyRSNN.json").read_text())
    assert summary["average"]["r2"] == pytest.approx(sum(content["r2"]) / 2)

    results = folder / f"results_tinyRSNN_{NAME}.json"
    provenance = json.loads((folder / f"results_tinyRSNN_{NAME}.provenance.json").read_text())
    assert [run["checkpoint"]["seed"] for run in provenance["runs"]] == [1, 2]
    run = provenance["runs"][0]
    blocks = block_errors_of(results, provenance, json.loads(results.read_text())["r2"])
    assert blocks is not None
    assert blocks.steps.sum() == run["run"]["steps"]
    assert run["blocks"]["kind"] == "reaches"
    assert len(run["checkpoint"]["weights_sha256"]) == len(run["data"]["sha256"]) == 64
    assert run["data"]["twin"] is None
    assert run["run"]["kernel"] == "numba"
    assert {"nbsuite", "python", "torch", "snntorch", "neurobench", "numpy"} <= set(run["versions"])


def test_results_on_a_twin_say_so_whatever_its_file_is_called(
    tmp_path: Path, make_checkpoint: Any
) -> None:
    path, folder = tmp_path / "indy_20170131_02.mat", tmp_path / "out"
    write_twin(find_session("I3"), path, fraction=0.01)
    _run(make_checkpoint(1), "--session", path, "-o", folder)
    results = folder / "results_tinyRSNN_indy_20170131_02-twin.json"
    assert results.is_file()
    assert {file.name for file in folder.glob("results_summary_*")} == {
        "results_summary_tinyRSNN-twin.json"
    }
    _run(make_checkpoint(1), "--session", path, "-o", folder, "--force")


def test_weights_trained_on_a_twin_are_never_taken_for_others(
    tmp_path: Path, recording: Path, draw_decoder: Any, twin_trained: TrainingData
) -> None:
    path, folder = tmp_path / "mine.safetensors", tmp_path / "out"
    decoder = draw_decoder()
    save_checkpoint(path, decoder, CheckpointHeader(decoder.spec, seed=1, trained_on=twin_trained))
    picture = tmp_path / "decoding.svg"
    result = _run(path, "-s", recording, "-o", folder, "--plot", picture)
    assert f"{path} was trained on a TWIN (indy_20160622_01-twin-seed1)" in result.stderr
    assert "real, trained on TWIN" in result.stdout
    assert "Trained on a TWIN" in picture.read_text()
    provenance = json.loads((folder / f"results_tinyRSNN_{NAME}.provenance.json").read_text())
    assert provenance["twin"] is False
    assert provenance["runs"][0]["checkpoint"]["trained_on"] == twin_trained.to_json()
    printed = json.loads(_run(path, "-s", recording, "-o", folder, "--force", "--json").stdout)
    assert printed["results"][0]["trained_on_twin"] is True


def test_json_for_programs(tmp_path: Path, recording: Path, make_checkpoint: Any) -> None:
    result = _run(make_checkpoint(), "-s", recording, "-o", tmp_path / "out", "--json")
    printed = json.loads(result.stdout)
    assert printed["results"][0]["values"]["footprint"] == 21000
    assert all(Path(file).is_file() for file in printed["files"])


def test_existing_results_are_kept_unless_forced(
    tmp_path: Path, recording: Path, make_checkpoint: Any
) -> None:
    arguments = (make_checkpoint(), "-s", recording, "-o", tmp_path / "out")
    _run(*arguments)
    path = tmp_path / "out" / f"results_tinyRSNN_{NAME}.json"
    before = path.read_text()
    path.write_text(before.replace("21000", "20999"))
    assert "--force" in _run(*arguments, status=1).stderr
    assert path.read_text() == before.replace("21000", "20999")
    _run(*arguments, "--force")
    assert path.read_text() == before


def test_what_was_measured_is_not_measured_again(
    tmp_path: Path, recording: Path, make_checkpoint: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Path(shutil.copy(recording, tmp_path / "indy_20990202_01.mat"))
    runs = (make_checkpoint(1), make_checkpoint(2), "-s", recording, "-s", other)
    folder = tmp_path / "out"
    measured: list[str] = []
    measure = session.measure_checkpoint

    def interrupted(checkpoint: Any, recording: Any, *rest: Any) -> Any:
        if len(measured) == 3:
            raise KeyboardInterrupt
        measured.append(f"{recording.name} {checkpoint.header.seed}")
        return measure(checkpoint, recording, *rest)

    monkeypatch.setattr("nbsuite.benchmarking.jobs.measure_checkpoint", interrupted)
    _run(*runs, "-o", folder, status=130)
    first = folder / f"results_tinyRSNN_{NAME}.json"
    written = first.stat().st_mtime_ns
    assert not (folder / "results_tinyRSNN_indy_20990202_01.json").exists()

    monkeypatch.setattr("nbsuite.benchmarking.jobs.measure_checkpoint", measure)
    result = _run(*runs, "-o", folder, "--json")
    assert f"{first} is there already" in result.stderr
    assert first.stat().st_mtime_ns == written
    assert len(json.loads(result.stdout)["results"]) == 4
    summary = json.loads((folder / "results_summary_tinyRSNN.json").read_text())
    assert set(summary) == {NAME, "indy_20990202_01", "average"}
    monkeypatch.setattr("nbsuite.benchmarking.jobs.measure_checkpoint", pytest.fail)
    _run(*runs, "-o", folder)


_TOLD_OTHERWISE: dict[str, tuple[tuple[str, ...], object]] = {
    "seed": (("checkpoint", "seed"), 4),
    "weights told": (("checkpoint", "weights_sha256"), "0" * 64),
    "model": (("checkpoint", "model", "neurons"), 99),
    "training data": (("checkpoint", "trained_on"), {"recordings": [], "complete": True}),
    "task": (("task",), "maze/1"),
    "recording": (("data", "sha256"), "0" * 64),
    "session": (("data", "session"), "indy_20160622_01"),
    "kernel": (("run", "kernel"), "reference"),
    "device": (("run", "device"), "cuda:0"),
    "NeuroBench": (("versions", "neurobench"), "0.0"),
}


@pytest.mark.parametrize("change", ["weights", "metrics", "per-step", *_TOLD_OTHERWISE])
def test_results_of_anything_else_are_not_taken_for_these(
    tmp_path: Path, recording: Path, make_checkpoint: Any, change: str
) -> None:
    folder, path = tmp_path / "out", make_checkpoint()
    _run(path, "-s", recording, "-o", folder)
    flags: list[object] = []
    if change == "weights":
        shutil.copy(make_checkpoint(3), path)
    elif change == "metrics":
        flags = [
            "--metrics",
            "footprint,connection_sparsity,activation_sparsity,synaptic_operations,r2,mse",
        ]
    elif change == "per-step":
        flags = ["--per-step"]
    else:
        provenance = folder / f"results_tinyRSNN_{NAME}.provenance.json"
        content = json.loads(provenance.read_text())
        (*keys, last), value = _TOLD_OTHERWISE[change]
        told = content["runs"][0]
        for key in keys:
            told = told[key]
        assert told[last] != value
        told[last] = value
        provenance.write_text(json.dumps(content))
    refused = _run(path, "-s", recording, "-o", folder, *flags, status=1)
    assert "exists already and is kept; replace it with --force" in refused.stderr


def test_several_processes_measure_the_same(
    tmp_path: Path, recording: Path, make_checkpoint: Any
) -> None:
    runs = [make_checkpoint(seed) for seed in (2, 1, 3)]
    written = []
    for workers in (1, 2):
        folder = tmp_path / f"out{workers}"
        plot = folder / "decoding.svg"
        arguments = (*runs, "-s", recording, "-o", folder, "--workers", workers, "--plot", plot)
        result = _run(*arguments, "--json")
        assert [each["seed"] for each in json.loads(result.stdout)["results"]] == [2, 1, 3]
        written.append({path.name: path.read_text() for path in sorted(folder.iterdir())})
    (provenance,) = [name for name in written[0] if "provenance" in name]
    for each in written:
        for run in json.loads(each.pop(provenance))["runs"]:
            assert run["checkpoint"]["seed"] in (1, 2, 3)
    assert written[0] == written[1]


def test_a_process_of_several_that_cannot_measure(
    tmp_path: Path, recording: Path, make_checkpoint: Any
) -> None:
    runs = [make_checkpoint(seed) for seed in (1, 2)]
    arguments = (*runs, "-s", recording, "-o", tmp_path / "out", "--workers", 2)
    message = _message(*arguments, "--metrics", "mse", "-o", tmp_path / "out", status=2)
    assert "needs the metric" in message


def test_a_folder_stands_for_its_checkpoints(
    tmp_path: Path, recording: Path, make_checkpoint: Any
) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    for seed in (1, 2):
        make_checkpoint(seed).rename(folder / f"seed{seed}.safetensors")
    printed = json.loads(_run(folder, "-s", recording, "-o", tmp_path / "out", "--json").stdout)
    assert [each["seed"] for each in printed["results"]] == [1, 2]
    (tmp_path / "empty").mkdir()
    assert "holds no checkpoints" in _message(tmp_path / "empty", "-s", recording)


def test_a_remark_is_made_once_a_kind(
    tmp_path: Path, recording: Path, make_checkpoint: Any
) -> None:
    runs = [make_checkpoint(seed, session="indy_20160622_01") for seed in (1, 2, 3)]
    lines = _run(*runs, "-s", recording, "-o", tmp_path / "out").stderr.splitlines()
    (note,) = [line for line in lines if line.startswith("Note: ")]
    assert note.startswith(f"Note: {runs[0]} was trained for indy_20160622_01")
    assert note.endswith("So it is with 2 more.")


@pytest.mark.parametrize("kept", ["provenance", "results", "summary"])
def test_what_belongs_to_results_is_kept_unless_forced(
    tmp_path: Path, recording: Path, make_checkpoint: Any, kept: str
) -> None:
    arguments = (make_checkpoint(), "-s", recording, "-o", tmp_path / "out")
    _run(*arguments)
    files = {
        "results": tmp_path / "out" / f"results_tinyRSNN_{NAME}.json",
        "provenance": tmp_path / "out" / f"results_tinyRSNN_{NAME}.provenance.json",
        "summary": tmp_path / "out" / "results_summary_tinyRSNN.json",
    }
    files["summary"].write_text(files["summary"].read_text().replace(NAME, "indy_20160622_01"))
    before = files[kept].read_bytes()
    for name, path in files.items():
        if name != kept:
            path.unlink()
    assert "kept" in _message(*arguments)
    assert files[kept].read_bytes() == before
    _run(*arguments, "--force")
    assert files["provenance"].is_file()


def test_two_recordings_of_one_name(
    tmp_path: Path, recording: Path, make_checkpoint: Any, draw_recording: Any
) -> None:
    other = draw_recording(seed=1).write(tmp_path / "other" / recording.name)
    arguments = (make_checkpoint(None), "-s", recording, "-s", other, "-o", tmp_path / "out")
    assert "two recordings of that name" in _message(*arguments, status=2)


def test_a_recording_whose_name_no_results_can_have(
    tmp_path: Path, recording: Path, make_checkpoint: Any
) -> None:
    path = recording.rename(recording.with_name("indy_a\x1b[31m\nb.mat"))
    message = _message(make_checkpoint(), "-s", path, "-o", tmp_path / "out")
    assert "characters that are not printable" in message
    assert "\x1b" not in message


def test_per_step_gives_the_same(tmp_path: Path, recording: Path, make_checkpoint: Any) -> None:
    found = [
        json.loads(
            _run(make_checkpoint(), "-s", recording, "-o", tmp_path / name, "--json", *flags).stdout
        )["results"][0]["values"]
        for name, flags in (("chunks", []), ("steps", ["--per-step"]))
    ]
    assert found[0].pop("r2") == pytest.approx(found[1].pop("r2"), abs=1e-6)
    assert found[0] == found[1]


def test_verify_compares_and_writes_nothing(
    tmp_path: Path, recording: Path, make_checkpoint: Any
) -> None:
    folder = tmp_path / "out"
    result = _run(make_checkpoint(), "-s", recording, "-o", folder, "--verify", 200, "--json")
    compared = json.loads(result.stdout)
    assert len(compared) == 7
    assert all(each["agrees"] for each in compared)
    assert not folder.exists()


def test_verify_fails_when_the_two_differ(
    recording: Path, make_checkpoint: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nbsuite.benchmarking.verification._agree", lambda *_: False)
    result = _run(make_checkpoint(), "-s", recording, "--verify", 20, status=1)
    assert "differs between the benchmark and NeuroBench's" in result.stderr


def test_other_metrics_are_printed_only(
    tmp_path: Path, recording: Path, make_checkpoint: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = _run(make_checkpoint(), "-s", recording, "--metrics", "mse,parameter_count")
    assert "10,500" in result.stdout
    assert not (tmp_path / "results").exists()
    failed = _run(make_checkpoint(), "-s", recording, "--metrics", "mse", "-o", "out", status=2)
    assert "needs the metric footprint" in failed.stderr


def test_the_picture_is_drawn(tmp_path: Path, recording: Path, make_checkpoint: Any) -> None:
    plot = tmp_path / "decoding.svg"
    _run(make_checkpoint(), "-s", recording, "-o", tmp_path / "out", "--plot", plot)
    text = plot.read_text()
    assert "R2" in text or "R²" in text
    assert "TWIN" not in text


def _message(*arguments: object, status: int = 1) -> str:
    result = _run(*arguments, status=status)
    assert "Traceback" not in result.output
    assert len(result.stderr.strip().splitlines()[-1]) > 20
    return result.stderr


def test_a_session_is_needed(make_checkpoint: Any) -> None:
    assert "does not say which session" in _message(make_checkpoint(), status=2)


def test_a_mistyped_session_is_corrected(make_checkpoint: Any) -> None:
    assert "did you mean" in _message(make_checkpoint(), "-s", "indy_20160622_02", status=2)


def test_a_real_recording_that_is_not_there(make_checkpoint: Any) -> None:
    message = _message(make_checkpoint(session="indy_20160622_01"), "--data", "real")
    assert "nbsuite data fetch I1" in message


def test_a_missing_checkpoint(recording: Path, tmp_path: Path) -> None:
    assert "no checkpoint at" in _message(tmp_path / "none.safetensors", "-s", recording)


def test_a_checkpoint_of_another_channel_count(recording: Path, make_checkpoint: Any) -> None:
    message = _message(make_checkpoint(channels=192), "-s", recording)
    assert "decodes 192 channels" in message
    assert "has 96" in message


def test_two_checkpoints_of_one_seed(tmp_path: Path, recording: Path, make_checkpoint: Any) -> None:
    path = make_checkpoint()
    arguments = (path, path, "-s", recording, "-o", tmp_path / "out")
    assert "Two checkpoints of seed 1" in _message(*arguments, status=2)


@pytest.mark.parametrize("seeds", [(1, 2, 3), (None, None, None)])
def test_one_set_of_weights_under_several_seeds(
    tmp_path: Path, recording: Path, draw_decoder: Any, seeds: tuple[int | None, ...]
) -> None:
    decoder = draw_decoder()
    paths = [tmp_path / f"{number}.safetensors" for number in range(len(seeds))]
    for path, seed in zip(paths, seeds, strict=True):
        save_checkpoint(path, decoder, CheckpointHeader(decoder.spec, seed=seed))
    arguments = (*paths, "-s", recording, "-o", tmp_path / "out")
    assert "hold the same weights" in _message(*arguments, status=2)
    assert list((tmp_path / "out").iterdir()) == []


def test_an_unwritable_folder(tmp_path: Path, recording: Path, make_checkpoint: Any) -> None:
    (tmp_path / "file").write_text("not a folder")
    message = _message(make_checkpoint(), "-s", recording, "-o", tmp_path / "file" / "out")
    assert str(tmp_path / "file") in message


def test_a_full_disk(
    tmp_path: Path, recording: Path, make_checkpoint: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"

    def full(path: Path, *_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_text", full)
    message = _message(make_checkpoint(), "-s", recording, "-o", folder)
    assert "disk is full" in message
    assert list(folder.iterdir()) == []


def test_a_device_that_is_not_there(recording: Path, make_checkpoint: Any) -> None:
    message = _message(make_checkpoint(), "-s", recording, "--device", "cuda:99", status=2)
    assert "no device 'cuda:99'" in message


def test_a_metric_that_does_not_apply(recording: Path, make_checkpoint: Any) -> None:
    message = _message(
        make_checkpoint(), "-s", recording, "--metrics", "neuron_operations", status=2
    )
    assert "does not apply here" in message


def test_two_pictures_of_one_name(
    tmp_path: Path, recording: Path, make_checkpoint: Any, draw_decoder: Any
) -> None:
    first, decoder = make_checkpoint(None), draw_decoder(seed=2)
    second = tmp_path / "other" / first.name
    save_checkpoint(second, decoder, CheckpointHeader(decoder.spec))
    arguments = (first, second, "-s", recording, "-o", tmp_path / "out")
    message = _message(*arguments, "--plot", tmp_path / "a.png", status=2)
    assert "Two pictures would be" in message


def test_a_picture_of_another_format(tmp_path: Path, recording: Path, make_checkpoint: Any) -> None:
    arguments = (make_checkpoint(), "-s", recording, "-o", tmp_path / "out")
    assert "PNG, SVG or PDF" in _message(*arguments, "--plot", tmp_path / "a.eps", status=2)
    assert not (tmp_path / "out").exists()
