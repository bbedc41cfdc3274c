"""Folders of runs: their names, what they say of themselves, and which recordings they need."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nbsuite.data.folders import real_path, twin_path
from nbsuite.errors import TrainingError, UsageError
from nbsuite.files import digest as digest_of
from nbsuite.tasks.known import find_session
from nbsuite.tasks.opening import load_recording
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING
from nbsuite.training import pretraining
from nbsuite.training.pretraining import find_recordings
from nbsuite.training.run_folder import (
    LOCK_NAME,
    RECORD_NAME,
    WEIGHTS_NAME,
    StageRecord,
    differences,
    exclusive,
    identity_digest,
    read_record,
    require_same,
    write_record,
)
from nbsuite.training.run_plan import RunRequest, recording_label
from nbsuite.training.stage_task import StageTask
from nbsuite.twin_info import TwinInfo

SUMMARY = {
    "epochs": 1,
    "seconds": 2.5,
    "train_r2": 0.5,
    "validation_r2": None,
    "spikes_per_second": 4.0,
}
IDENTITY = {"seed": 1, "data": [["a", "0"]], "recipe": {"training": {"lr": 0.1}}, "parent": None}


def test_a_record_reads_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / WEIGHTS_NAME).write_bytes(b"weights")
    write_record(tmp_path, StageRecord(IDENTITY, "0" * 64, SUMMARY, {"torch": "2"}))
    assert read_record(tmp_path) is None  # those are not its weights
    digest = digest_of(tmp_path / WEIGHTS_NAME)
    record = StageRecord(IDENTITY, digest, SUMMARY, {"torch": "2"})
    write_record(tmp_path, record)
    assert read_record(tmp_path) == record
    content = json.loads((tmp_path / RECORD_NAME).read_text())
    assert content["digest"] == identity_digest(IDENTITY)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"digest": 1}', '{"digest": 1, "x": 2}', "[" * 100_000, '"\\ud800"']
)
def test_a_damaged_record_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / RECORD_NAME).write_text(content)
    with pytest.raises(TrainingError, match=f"{tmp_path / RECORD_NAME} cannot be read"):
        read_record(tmp_path)


def _record(folder: Path, **changes: Any) -> dict[str, Any]:
    """Write a record and change it as nothing that keeps digests would; returns its content."""
    (folder / WEIGHTS_NAME).write_bytes(b"weights")
    digest = digest_of(folder / WEIGHTS_NAME)
    write_record(folder, StageRecord(IDENTITY, digest, SUMMARY, {"torch": "2"}))
    content: dict[str, Any] = json.loads((folder / RECORD_NAME).read_text()) | changes
    (folder / RECORD_NAME).write_text(json.dumps(content))
    return content


@pytest.mark.parametrize(
    "changes",
    [
        {"identity": {**IDENTITY, "seed": 2}},
        {"summary": {**SUMMARY, "validation_r2": 0.9}},
        {"versions": {"torch": "3"}},
        {"weights_file": "0" * 64},
        {"digest": "0" * 64},
        {"checksum": "0" * 64},
    ],
)
def test_a_record_that_was_changed_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    _record(tmp_path, **changes)
    with pytest.raises(TrainingError, match=r"changed or damaged since .*\): delete it to run"):
        read_record(tmp_path)


def test_a_record_of_before_there_were_checksums_reads(tmp_path: Path) -> None:
    content = _record(tmp_path)
    del content["checksum"]
    (tmp_path / RECORD_NAME).write_text(json.dumps(content))
    assert read_record(tmp_path) is not None
    content["identity"]["seed"] = 2
    (tmp_path / RECORD_NAME).write_text(json.dumps(content))
    with pytest.raises(TrainingError, match="by its digest"):
        read_record(tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        *({"summary": {**SUMMARY, "epochs": value}} for value in (-1, "1", None, True, 1.5)),
        *({"summary": {**SUMMARY, "seconds": value}} for value in ("1", None, [])),
        {"summary": {"epochs": 1}},
        {"summary": {**SUMMARY, "sparsity": None}},
        {"summary": []},
        *({"identity": {**IDENTITY, "parent": value}} for value in (1, [], {})),
        *({"identity": {**IDENTITY, "seed": value}} for value in ("1", None, True)),
        {"identity": {**IDENTITY, "data": [["a"]]}},
        {"identity": {**IDENTITY, "recipe": {"training": 1}}},
        {"weights_file": 1},
        {"versions": {"torch": 2}},
    ],
)
def test_fields_of_other_types_are_refused_whatever_the_digests(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    content = _record(tmp_path, **changes)
    del content["checksum"]
    content["digest"] = identity_digest(content["identity"])
    (tmp_path / RECORD_NAME).write_text(json.dumps(content))
    with pytest.raises(TrainingError, match=r"stage\.json cannot be read.* delete it to run"):
        read_record(tmp_path)


@pytest.mark.parametrize("name", [LOCK_NAME, RECORD_NAME, WEIGHTS_NAME, "log.jsonl", "curves.png"])
@pytest.mark.parametrize("make", [Path.mkdir, getattr(os, "mkfifo", Path.mkdir)])
def test_what_stands_where_files_are_written_is_named(
    tmp_path: Path, name: str, make: Callable[[Path], None]
) -> None:
    make(tmp_path / name)
    message = f"{tmp_path / name} is no regular file, where training writes one: move it away"
    with pytest.raises(TrainingError, match=message), exclusive(tmp_path):
        pass


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 2}, "seed 1, not 2"),
        ({"recipe": {"training": {"lr": 0.2}}}, r"training\.lr 0\.1, not 0\.2"),
        ({"data": [["b", "0"]]}, "other recordings"),
        ({"parent": "0"}, "other weights to start from"),
        ({"recipe": {}}, r"training\.lr 0\.1, not null"),
    ],
)
def test_what_differs_is_named(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    require_same(tmp_path, IDENTITY, dict(IDENTITY))
    assert len(differences(IDENTITY, {**IDENTITY, **change})) == 1
    with pytest.raises(TrainingError, match=f"{tmp_path} was made with {message}: choose"):
        require_same(tmp_path, IDENTITY, {**IDENTITY, **change})


def test_a_claimed_folder_is_cleared_of_what_killed_runs_left(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with exclusive(folder):
        (folder / ".state.safetensors.abc.part").touch()
        (folder / "kept.part").touch()
        (folder / ".folder.part").mkdir()
        with pytest.raises(TrainingError, match="Another run is at work"), exclusive(folder):
            pass
    with exclusive(folder):
        assert {path.name for path in folder.iterdir()} == {".lock", "kept.part", ".folder.part"}


def test_the_identity_holds_what_decides_the_outcome(
    request_run: Callable[..., RunRequest], tiny_recording_path: Path
) -> None:
    from nbsuite.training.families import model_spec

    request = request_run()
    recordings = [load_recording(tiny_recording_path)]

    def identity(stage: Any, *settings: str, **fields: Any) -> str:
        recipe = request_run(*settings).recipe
        task = StageTask(
            stage, model_spec("tinyRSNN", 96), recipe, 1, (request.session,), None, request.compute
        )
        task, parent = replace(task, **fields), fields.pop("parent", None)
        return identity_digest(task.identity(recordings, None if parent is None else "0"))

    own = identity("finetune")
    assert identity("finetune", "prune.epochs=7", "pretrain.epochs=7") == own
    assert identity("finetune", "finetune.epochs=7") != own
    assert identity("finetune", "training.lr=0.1") != own
    assert identity("finetune", "initialisation.sigma_u=0.1") != own
    assert identity("finetune", seed=2) != own
    assert identity("finetune", compute=replace(request.compute, threads=2)) == own
    by_torch = replace(request.compute, kernel="reference")
    assert identity("finetune", compute=by_torch) != own
    more_threads = identity("finetune", compute=replace(by_torch, threads=2))
    assert more_threads != identity("finetune", compute=by_torch)
    assert identity("pretrain") != own
    pruned = identity("prune", parent=Path("x"))
    assert identity("prune", "initialisation.sigma_u=0.1", parent=Path("x")) == pruned
    assert identity("prune", "prune.tolerance=0.1", parent=Path("x")) != pruned


def test_folders_are_named_after_what_people_call_the_recording(tiny_recording_path: Path) -> None:
    session = find_session("I1")
    recording = replace(load_recording(tiny_recording_path), session=session)
    for path, label in {
        real_path(session, Path("data")): "I1",
        twin_path(session, Path("data")): "I1-twin",
        twin_path(session, Path("data"), seed=2): "indy_20160622_01-twin-seed2",
        Path("my recording.mat"): "my recording",
    }.items():
        assert recording_label(replace(recording, path=path)) == label


def test_real_recordings_are_pretrained_on_with_all_that_are_there(
    tmp_path: Path, tiny_recording_path: Path
) -> None:
    recording = replace(load_recording(tiny_recording_path), session=find_session("I2"))
    there = ["I2", "indy_20160624_03", "indy_20160407_02", "L1"]
    for name in there:
        real_path(find_session(name), tmp_path).touch()
    found = find_recordings(recording, tmp_path)
    # the one of both arrays and the other monkey's are none of them
    assert [each.path.stem for each in found.locations] == ["indy_20160624_03", "indy_20160630_01"]
    assert len(found.locations) + len(found.missing) == len(
        PRIMATE_REACHING.pretraining(find_session("I1"))
    )
    assert find_session("I1") in found.missing


def test_twins_are_pretrained_on_with_the_challenges_twins(
    tmp_path: Path, tiny_recording_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbsuite.tasks.locate import Location

    def locate(target: str, folder: Path, source: str, progress: Any = None) -> Location:
        assert source == "twin"
        return Location(folder / f"{target}.mat", find_session(target), twin=True)

    monkeypatch.setattr(pretraining, "locate", locate)
    info = TwinInfo("loco_20170215_02", 1.0, 1, 2)
    session = find_session("L2")
    recording = replace(load_recording(tiny_recording_path), session=session, twin=info)
    found = find_recordings(recording, tmp_path)
    assert [each.path.stem for each in found.locations] == ["L1", "L2", "L3"]
    assert found.missing == ()


def test_a_recording_of_no_public_session_has_nothing_to_pretrain_on(
    tmp_path: Path, tiny_recording_path: Path
) -> None:
    with pytest.raises(UsageError, match=r"no public session.*--pretrain-on.*--stages"):
        find_recordings(load_recording(tiny_recording_path), tmp_path)
