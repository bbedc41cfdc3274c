"""``nbsuite demo`` does the main job from data to results, and can be run again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nbsuite import demo
from nbsuite.cli.main import main

RESULTS = "results_tinyRSNN_indy_20160622_01-twin-seed1-fraction0.1"
METRICS = {
    "footprint",
    "connection_sparsity",
    "activation_sparsity",
    "dense",
    "macs",
    "acs",
    "r2",
}
LOWEST_R2 = 0.2


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["demo", *arguments])


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """The demo's folder and output, with folders of its own for the cache."""
    folder = tmp_path_factory.mktemp("demo") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NBSUITE_CACHE", str(folder.parent / "cache"))
        return folder, _run("-o", str(folder))


def test_results_are_in_challenge_format(ran: tuple[Path, Result]) -> None:
    folder, result = ran
    assert result.exit_code == 0, result.output
    results = json.loads((folder / f"{RESULTS}.json").read_text())
    assert results.keys() == METRICS
    assert results["footprint"] == [21000]
    assert results["dense"] == [10368]
    assert 0.9 < results["activation_sparsity"][0] < 1
    assert LOWEST_R2 < results["r2"][0] < 1


def test_provenance_says_that_the_data_is_a_twin(ran: tuple[Path, Result]) -> None:
    provenance = json.loads((ran[0] / f"{RESULTS}.provenance.json").read_text())
    assert provenance["twin"] is True
    assert provenance["runs"][0]["data"]["twin"]["fraction"] == demo.TWIN_FRACTION
    assert provenance["runs"][0]["checkpoint"]["recipe"]["script"] == "scripts/train_demo.py"


def test_the_packaged_decoder_was_trained_on_this_twin(ran: tuple[Path, Result]) -> None:
    """The generator has not changed since; if it has, run scripts/train_demo.py again."""
    provenance = json.loads((ran[0] / f"{RESULTS}.provenance.json").read_text())["runs"][0]
    recipe, twin = provenance["checkpoint"]["recipe"], provenance["data"]["twin"]
    trained_on = {key: recipe[f"twin_{key}"] for key in ("fraction", "seed", "generator")}
    assert trained_on == {key: twin[key] for key in trained_on}


def test_picture(ran: tuple[Path, Result]) -> None:
    assert (ran[0] / "decoding.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_people_are_told_what_was_done(ran: tuple[Path, Result]) -> None:
    folder, result = ran
    assert "21,000" in result.stdout
    assert "TWIN" in result.stdout
    assert "The data is a TWIN of session" in result.stderr
    assert f"nbsuite benchmark {folder / demo.CHECKPOINT_NAME} --session I1" in result.stderr


def test_run_again_it_replaces_its_own_files(ran: tuple[Path, Result]) -> None:
    folder, _ = ran
    twin = next((folder / "twins").glob("*.mat"))
    before = twin.stat().st_mtime_ns
    (folder / f"{RESULTS}.json").write_text("stale")
    (folder / "notes.txt").write_text("mine")
    result = _run("-o", str(folder), "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["results"][0]["twin"] is True
    assert report["results"][0]["values"].keys() == METRICS
    assert all(Path(path).is_file() for path in report["files"])
    assert json.loads((folder / f"{RESULTS}.json").read_text()).keys() == METRICS
    assert twin.stat().st_mtime_ns == before
    assert (folder / "notes.txt").read_text() == "mine"


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / f"{RESULTS}.json").write_text("mine")
    result = _run("-o", str(tmp_path))
    assert result.exit_code == 1
    assert "holds other files; choose an empty folder with --output" in result.stderr
    assert (tmp_path / f"{RESULTS}.json").read_text() == "mine"
    assert not (tmp_path / demo.CHECKPOINT_NAME).exists()


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
    assert (tmp_path / "nbsuite-demo" / f"{RESULTS}.json").is_file()
