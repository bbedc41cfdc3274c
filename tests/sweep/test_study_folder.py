"""Files of a study's folder that a stranger wrote, or nobody finished writing."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from nbsuite.cli.main import main
from nbsuite.errors import TrainingError
from nbsuite.sweep.cost import measured_rates
from nbsuite.sweep.study_folder import StudyFolder, epochs_done, study_folder
from nbsuite.sweep.study_records import SignOfLife, TaskEntry

ENTRY = TaskEntry("finetune/a_1", "finetune a", "finetune/a_1", "stage.json", (), 3)
ODD = "red\x1b[31m \u202eodd"


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    """The folder of a study of one task."""
    made = study_folder(tmp_path / "runs", "small")
    made.path.mkdir(parents=True)
    return made


@pytest.fixture
def status(folder: StudyFolder) -> Callable[..., Result]:
    """Function that asks how far a study has come whose task is written down so."""

    def ask(*arguments: str, **fields: Any) -> Result:
        entry = {**asdict(ENTRY), **fields}
        (folder.path / "tasks.json").write_text(json.dumps({"tasks": [entry]}))
        return _ask(folder, *arguments)

    return ask


def _ask(folder: StudyFolder, *arguments: str) -> Result:
    return CliRunner().invoke(
        main, ["sweep", "status", "small", "-o", str(folder.root), *arguments]
    )


def test_a_task_as_it_is_written(folder: StudyFolder, status: Callable[..., Result]) -> None:
    assert "finetune a   waiting" in status().output
    (folder.root / "finetune/a_1").mkdir(parents=True)
    (folder.root / "finetune/a_1/stage.json").touch()
    assert "finetune a   finished" in status().output
    # Folders were written down with their whole path once.
    assert "finetune a   finished" in status(folder=str(folder.root / "finetune/a_1")).output


FIELDS = {
    "outside": {"folder": "/etc", "proof": "passwd"},
    "above": {"folder": "../../elsewhere"},
    "a null byte in its folder": {"folder": "a\0b"},
    "no text for a folder": {"folder": ["finetune"]},
    "a proof elsewhere": {"proof": "../../x"},
    "a null byte in its proof": {"proof": "a\0"},
    "a number for a key": {"key": 3},
    "no key": {"key": ""},
    "a key of many characters": {"key": "k" * 10_000},
    "a null byte in its key": {"key": "a\0b"},
    "a surrogate in its key": {"key": "\ud800"},
    "no title": {"title": None},
    "parents that are a text": {"parents": "abc"},
    "parents that are numbers": {"parents": [1]},
    "true epochs": {"epochs": True},
    "epochs below 0": {"epochs": -1},
    "a text for epochs": {"epochs": "3"},
}


@pytest.mark.parametrize("fault", FIELDS)
def test_tasks_that_cannot_be(status: Callable[..., Result], fault: str) -> None:
    outcome = status(**FIELDS[fault])
    assert outcome.exit_code == 1
    assert outcome.output.count("\n") == 1
    assert "tasks.json" in outcome.output
    assert "writes it anew" in outcome.output


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"3", b'{"tasks": 1}', b'{"tasks": [1]}', b'{"tasks": {}}', b"\xff"),
        b"[" * 100_000,
        b'{"tasks": [], "tasks": []}',
        b'{"tasks": [], "x": NaN}',
    ],
)
def test_lists_of_tasks_that_are_none(folder: StudyFolder, content: bytes) -> None:
    (folder.path / "tasks.json").write_bytes(content)
    with pytest.raises(TrainingError, match=r"tasks\.json .*writes it anew"):
        folder.read_tasks()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are Unix's")
def test_pipes_are_not_waited_for(folder: StudyFolder, status: Callable[..., Result]) -> None:
    os.mkfifo(folder.path / "alive.json")
    (folder.path / "running").mkdir()
    os.mkfifo(folder.path / "running" / "finetune_a_1.json")
    (folder.path / "failures").mkdir()
    os.mkfifo(folder.failures(ENTRY.key))
    (folder.root / ENTRY.folder).mkdir(parents=True)
    os.mkfifo(folder.root / ENTRY.folder / "log.jsonl")
    os.mkfifo(folder.root / ENTRY.folder / "stage.json")
    assert "finetune a   waiting" in status().output
    (folder.path / "tasks.json").unlink()
    os.mkfifo(folder.path / "tasks.json")
    assert "is no regular file" in _ask(folder).output


ALIVE = asdict(SignOfLife("host", 1, "", 1e12))


@pytest.mark.parametrize(
    "sign",
    [
        *([], 3, None, "x", {}, ALIVE | {"seen": "now"}, ALIVE | {"seen": None}),
        *(ALIVE | {"host": 3}, ALIVE | {"process": "1"}, ALIVE | {"dashboard": None}),
        {"seen": 1e12},
    ],
)
def test_signs_of_life_that_are_none(
    folder: StudyFolder, status: Callable[..., Result], sign: Any
) -> None:
    (folder.path / "alive.json").write_text(json.dumps(sign))
    outcome = status()
    assert outcome.exit_code == 0
    assert "Not at work" in outcome.output


def test_marks_that_are_none_are_passed_over(folder: StudyFolder) -> None:
    path = folder.mark("finetune/a_1", "attempt")
    whole = json.loads(path.read_text())
    for content in ([], 3, {**whole, "begun": "x"}, {**whole, "more": 1}, {"task": "a"}):
        (path.parent / "other.json").write_text(json.dumps(content))
        assert [mark.attempt for mark in folder.marks()] == ["attempt"]
        path.write_text(json.dumps(content))
        assert folder.marked("finetune/a_1", "attempt") is None
        path.write_text(json.dumps(whole))
    assert folder.marked("finetune/a_1", "attempt") is not None


def test_what_strangers_say_does_not_command_the_terminal(
    folder: StudyFolder, status: Callable[..., Result]
) -> None:
    sign = ALIVE | {"host": ODD, "dashboard": ODD}
    (folder.path / "alive.json").write_text(json.dumps(sign))
    outcome = status(title=ODD)
    assert outcome.exit_code == 0
    assert "red?[31m ?odd" in outcome.output
    assert "\x1b" not in outcome.output
    assert "\u202e" not in outcome.output
    assert json.loads(status("--json", title=ODD).stdout)["tasks"][0]["title"] == ODD


def test_names_of_studies_that_are_none(folder: StudyFolder) -> None:
    for name in ("étude", "a\x1bb", "n" * 300, "-", "..", "a\u202eb"):
        arguments = ["sweep", "status", "-o", str(folder.root), "--", name]
        outcome = CliRunner().invoke(main, arguments)
        assert outcome.exit_code in (1, 2), name
        assert isinstance(outcome.exception, SystemExit)
        assert "Traceback" not in outcome.output


def test_epochs_are_lines_that_ended(tmp_path: Path) -> None:
    assert epochs_done(tmp_path) == 0
    (tmp_path / "log.jsonl").write_bytes(b"{}\n" + b"x" * 3_000_000 + b"\n{}\n{")
    assert epochs_done(tmp_path) == 3


RECORD = {"identity": {"recipe": {"windows": {"steps": 50}}, "model": {"name": "tinyRSNN"}}}
LINE = {"threads": 1, "windows_per_second": 10.0}


def _logged(root: Path, record: Any, *lines: Any) -> float | None:
    """What rate a stage with this record and log is taken to have; None where they tell none."""
    stage = root / "finetune" / "a_1"
    stage.mkdir(parents=True, exist_ok=True)
    (stage / "stage.json").write_text(json.dumps(record))
    (stage / "log.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return measured_rates(root, 1).steps_per_second.get("tinyRSNN")


def test_rates_of_logs_that_are_none(tmp_path: Path) -> None:
    assert _logged(tmp_path, RECORD, LINE) == 500
    assert _logged(tmp_path, RECORD, {**LINE, "threads": 2}) is None
    for rate in (0, -1, "x" * 10, None, True, 1e300, [1]):
        assert _logged(tmp_path, RECORD, {**LINE, "windows_per_second": rate}) is None
    for line in (3, [], "x", {}, {"threads": 1}):
        assert _logged(tmp_path, RECORD, line) is None
    for steps in ("50", 0, -1, 10**18, 1.5, None, True):
        record = {"identity": {**RECORD["identity"], "recipe": {"windows": {"steps": steps}}}}
        assert _logged(tmp_path, record, LINE) is None
    for record in ([], {}, {"identity": 3}, {"identity": {**RECORD["identity"], "model": 3}}):
        assert _logged(tmp_path, record, LINE) is None
