"""Another task by one entry: its sessions are named, opened, pretrained on and measured."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from nbsuite.cli.main import main
from nbsuite.data.recording import Recording
from nbsuite.data.sessions import Session
from nbsuite.data.task import Output, Task
from nbsuite.errors import DataError
from nbsuite.tasks.known import TASKS, find_session
from nbsuite.tasks.locate import locate
from nbsuite.tasks.opening import load_recording
from nbsuite.training.pretraining import find_recordings
from tests.data.own_arrays import own_arrays

GRASPING = Task(
    name="grasping",
    version=1,
    step=0.05,
    outputs=(Output("x", "deg per step"), Output("y", "deg per step")),
    sessions=(Session("ann_1", 7, "G1", subject="ann", suffix=".h5"),),
    other_sessions=(Session("ann_2", 7, subject="ann", suffix=".h5"),),
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of recordings in which both sessions lie."""
    monkeypatch.setitem(TASKS, GRASPING.protocol, GRASPING)
    for seed, session in enumerate(GRASPING.every_session):
        spikes, targets = own_arrays(seed=seed)
        recording = Recording.from_arrays(
            spikes, targets, 0.05, name="grasping", units="deg per step"
        )
        recording.save(tmp_path / f"{session.name}.h5")
    return tmp_path


def test_its_sessions_have_names(folder: Path) -> None:
    assert find_session("g1") is find_session("ann_1.h5") is GRASPING.sessions[0]
    place = locate("G1", folder)
    assert (place.path, place.twin) == (folder / "ann_1.h5", False)
    recording = load_recording(place.path, session=place.session)
    assert recording.task is GRASPING
    assert recording.session is GRASPING.sessions[0]
    found = find_recordings(recording, folder)
    assert [each.path.stem for each in found.locations] == ["ann_1", "ann_2"]


def test_what_is_not_there_or_has_no_twin(folder: Path) -> None:
    with pytest.raises(DataError, match="G1 has no twin: leave out --data twin"):
        locate("G1", folder, "twin")
    (folder / "ann_1.h5").unlink()
    with pytest.raises(DataError, match=r"ann_1.h5, the recording of G1, is not there: put it"):
        locate("G1", folder)


def test_results_are_its_own(folder: Path) -> None:
    runner = CliRunner()
    places = ["--data-dir", str(folder), "-o", str(folder / "runs")]
    trained = runner.invoke(main, ["train", "ridge", "-s", "G1", *places])
    assert trained.exit_code == 0, trained.output
    (path,) = (folder / "runs").rglob("results_ridge_ann_1.provenance.json")
    provenance = json.loads(path.read_text())
    assert provenance["task"] == provenance["runs"][0]["task"] == "grasping/1"
    assert provenance["runs"][0]["checkpoint"]["task"] == "grasping/1"


@pytest.mark.parametrize(
    "change", [{"step": 0.02}, {"outputs": (Output("x", "deg per step"),)}, {"sessions": ()}]
)
def test_what_only_says_that_it_is_of_the_task(
    folder: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, object]
) -> None:
    other = replace(GRASPING, other_sessions=(), **change)
    monkeypatch.setitem(TASKS, GRASPING.protocol, other)
    with pytest.raises(DataError, match="whose recordings are of another form: import it again"):
        load_recording(folder / "ann_1.h5")


def test_another_recording_under_a_sessions_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(GRASPING, sessions=(replace(GRASPING.sessions[0], channels=9),))
    monkeypatch.setitem(TASKS, GRASPING.protocol, other)
    with pytest.raises(DataError, match="has 7 channels, where G1 has 9: it is another"):
        load_recording(folder / "ann_1.h5")


def test_nobodys_arrays_are_of_the_challenge() -> None:
    spikes, targets = own_arrays()
    with pytest.raises(DataError, match="which is NeuroBench's"):
        Recording.from_arrays(spikes, targets, 0.004, name="primate-reaching", units="mm per step")
