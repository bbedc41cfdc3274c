"""``nbsuite demo`` does the main job from data to results, and can be run again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nbsuite.cli.demo import MARK_NAME
from nbsuite.cli.main import main
from nbsuite.demo import TWIN_FRACTION

FRACTION = 0.08
RECORDING = f"indy_20160622_01-twin-seed1-fraction{FRACTION}"
RESULTS = f"results_tinyRSNN_{RECORDING}"
CHECKPOINT = Path(f"tinyRSNN_{RECORDING}_seed1", "half", "weights.safetensors")
METRICS = {
    "footprint",
    "connection_sparsity",
    "activation_sparsity",
    "dense",
    "macs",
    "acs",
    "r2",
}


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["demo", *arguments])


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """The demo's folder and output after a short training on a shorter twin."""
    folder = tmp_path_factory.mktemp("demo") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NBSUITE_CACHE", str(folder.parent / "cache"))
        patch.setattr("nbsuite.demo.TWIN_FRACTION", FRACTION)
        return folder, _run("-o", str(folder), "--epochs", "6")


def _results(folder: Path, model: str, recording: str = RECORDING) -> dict[str, list[float]]:
    content: dict[str, list[float]] = json.loads(
        (folder / f"results_{model}_{recording}.json").read_text()
    )
    return content


def test_what_was_done_is_told_line_by_line(ran: tuple[Path, Result]) -> None:
    lines = ran[1].stderr.splitlines()
    assert "Try next:" in lines
    assert "results on a real brain." in lines
    assert not any("?" in line for line in lines[lines.index("Try next:") - 5 :])


def test_results_are_in_challenge_format(ran: tuple[Path, Result]) -> None:
    folder, result = ran
    assert result.exit_code == 0, result.output
    results = _results(folder, "tinyRSNN")
    assert results.keys() == METRICS
    assert results["footprint"] == [21000]
    assert results["dense"] == [10368]
    assert 0.9 < results["activation_sparsity"][0] < 1


def test_a_few_epochs_teach_it_something(ran: tuple[Path, Result]) -> None:
    assert 0.02 < _results(ran[0], "tinyRSNN")["r2"][0] < 1


def test_the_linear_decoder_is_measured_too(ran: tuple[Path, Result]) -> None:
    results = _results(ran[0], "ridge")
    assert 0.15 < results["r2"][0] < 1
    assert results["macs"][0] > 0


def test_provenance_says_that_the_data_is_a_twin(ran: tuple[Path, Result]) -> None:
    provenance = json.loads((ran[0] / f"{RESULTS}.provenance.json").read_text())
    assert provenance["twin"] is True
    assert provenance["runs"][0]["data"]["twin"]["fraction"] == FRACTION
    assert provenance["runs"][0]["checkpoint"]["recipe"]["finetune"]["epochs"] == 6


def test_pictures(ran: tuple[Path, Result]) -> None:
    pictures = list(ran[0].rglob("*.png"))
    assert {path.name.split("_")[0] for path in pictures} == {"decoding", "curves.png"}
    assert all(path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n") for path in pictures)


def test_people_are_told_what_was_done(ran: tuple[Path, Result]) -> None:
    folder, result = ran
    assert "21,000" in result.stdout
    assert "TWIN" in result.stdout
    assert "finetune 6/6: loss" in result.stderr
    assert "The data is a TWIN of session" in result.stderr
    assert f"nbsuite benchmark {folder / CHECKPOINT} --session I1" in result.stderr
    assert (folder / CHECKPOINT).is_file()


def test_run_again_it_replaces_its_own_files(
    ran: tuple[Path, Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = ran
    monkeypatch.setattr("nbsuite.demo.TWIN_FRACTION", FRACTION)
    twin = next((folder / "twins").glob("*.mat"))
    kept = {path: path.stat().st_mtime_ns for path in (twin, folder / CHECKPOINT)}
    (folder / f"{RESULTS}.json").write_text("stale")
    (folder / "notes.txt").write_text("mine")
    result = _run("-o", str(folder), "--json", "--epochs", "6")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert [each["model"] for each in report["results"]] == ["tinyRSNN", "ridge"]
    assert all(each["twin"] is True for each in report["results"])
    assert all(Path(path).is_file() for path in report["files"])
    assert json.loads((folder / f"{RESULTS}.json").read_text()).keys() == METRICS
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert (folder / "notes.txt").read_text() == "mine"


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / f"{RESULTS}.json").write_text("mine")
    result = _run("-o", str(tmp_path))
    assert result.exit_code == 1
    assert "holds other files; choose an empty folder with --output" in result.stderr
    assert (tmp_path / f"{RESULTS}.json").read_text() == "mine"
    assert not (tmp_path / MARK_NAME).exists()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    result = _run("-o", str(tmp_path / "file" / "demo"))
    assert result.exit_code == 1
    assert f"Cannot use {tmp_path / 'file' / 'demo'}" in result.stderr


@pytest.mark.slow
def test_as_a_process(tmp_path: Path) -> None:
    """In a folder and environment of its own, with the names that the README gives."""
    finished = subprocess.run(
        [sys.executable, "-m", "nbsuite", "demo"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "TWIN" in finished.stdout
    folder = tmp_path / "nbsuite-demo"
    recording = f"indy_20160622_01-twin-seed1-fraction{TWIN_FRACTION}"
    floor = _results(folder, "ridge", recording)["r2"][0]
    assert _results(folder, "tinyRSNN", recording)["r2"][0] > floor + 0.03
