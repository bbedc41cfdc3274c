"""`nbsuite data`: fetch and verify against a real local server, twin, info."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from hashlib import md5
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from nbsuite.cli.main import main
from nbsuite.data.folders import real_path, twin_path
from nbsuite.data.sessions import PUBLIC_SESSIONS
from nbsuite.data.twins.info import read_twin_info
from nbsuite.tasks.known import find_session
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING
from tests.data.flaky_server import Server, refuse, running, serve, stall_after

CONTENT = random.Random(2).randbytes(400_000)
NAME = "indy_20160624_03"  # its md5 is not pinned, so that this server can say what it is
OTHER = "indy_20160627_01"
SHORT = ("--fraction", "0.02")


@pytest.fixture
def server() -> Iterator[Server]:
    with running({f"{NAME}.mat": CONTENT, f"{OTHER}.mat": CONTENT[::-1]}) as state:
        yield state


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NBSUITE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NBSUITE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("NBSUITE_ZENODO", server.url)
    return tmp_path / "data"


def nbsuite(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["data", *map(str, arguments)])


# --- fetch


def test_fetch_says_where_the_recording_is(folder: Path) -> None:
    result = nbsuite("fetch", NAME, f"{OTHER}.mat")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"{name}: {folder / name}.mat (verified)" for name in (NAME, OTHER)
    ]
    assert (folder / f"{NAME}.mat").read_bytes() == CONTENT


def test_fetch_for_programs(folder: Path) -> None:
    result = nbsuite("fetch", NAME, NAME, "--json")
    path = str(folder / f"{NAME}.mat")
    assert json.loads(result.stdout) == [{"id": None, "name": NAME, "path": path, "verified": True}]


def test_on_a_terminal_bars_show_where_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes this for a terminal
    monkeypatch.setenv("COLUMNS", "120")
    fetched = nbsuite("fetch", NAME).stderr  # the last frame, the only one sure to be drawn
    assert f"{NAME} verifying" in fetched
    assert "400.0/400.0 kB" in fetched
    assert "400.0/400.0 kB" in nbsuite("verify", NAME).stderr
    assert "I3 twin: done" in nbsuite("twin", "I3", *SHORT).stderr
    assert nbsuite("verify", NAME, "--json").stderr == ""
    monkeypatch.delenv("FORCE_COLOR")
    assert nbsuite("verify", NAME).stderr == ""


@pytest.mark.parametrize(
    ("word", "meant"), [("all", PRIMATE_REACHING.sessions), ("public", PUBLIC_SESSIONS)]
)
def test_fetch_knows_words_for_several(
    word: str, meant: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def note(session: object, folder: Path, **_: object) -> Path:
        asked.append(session)
        return folder

    monkeypatch.setattr("nbsuite.data.fetch.download.fetch", note)
    assert nbsuite("fetch", word, "I1").exit_code == 0
    assert asked == list(meant)


@pytest.mark.parametrize("requests_before", [0, 1], ids=["the-list", "the-file"])
def test_fetch_tells_why_it_waits(server: Server, requests_before: int) -> None:
    server.faults.extend([serve] * requests_before)
    server.faults.append(refuse(503, Retry_After="0"))
    result = nbsuite("fetch", NAME)
    assert result.exit_code == 0
    assert result.stderr == (
        f"{NAME}: retrying: it answers 503 Service Unavailable, next attempt in 1 s\n"
    )


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ((), 2, "Missing argument 'SESSIONS...'"),
        (("I4",), 2, "There is no session 'I4'"),
        (("indy_20160624_30",), 2, "did you mean indy_20160624_03"),
        (("some/file.mat",), 2, "There is no session 'some/file.mat'"),
        (("indy_20160915_01",), 1, "does not list indy_20160915_01.mat"),
        (("I1",), 1, "indy_20160622_01.mat"),
    ],
)
def test_what_cannot_be_fetched_is_one_sentence(
    arguments: tuple[str, ...], status: int, message: str
) -> None:
    result = nbsuite("fetch", *arguments)
    assert result.exit_code == status
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_ctrl_c_exits_130_and_the_next_run_resumes(server: Server, folder: Path) -> None:
    # A shell that starts the tests in the background makes their children ignore Ctrl-C.
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from nbsuite.cli.main import main; main()"
    )
    command = [sys.executable, "-c", program]
    server.faults.extend([serve, stall_after(150_000)])  # the record's list, then the file
    run = subprocess.Popen(
        [*command, "data", "fetch", NAME], stderr=subprocess.PIPE, text=True, env=os.environ
    )
    partial = folder / f"{NAME}.mat.part"
    deadline = time.monotonic() + 30
    while not (partial.exists() and partial.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.02)
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=30)
    assert run.returncode == 130
    assert said == "Interrupted.\n"
    assert not (folder / f"{NAME}.mat").exists()
    held = partial.stat().st_size
    assert nbsuite("fetch", NAME).exit_code == 0
    assert server.ranges[-1] == f"bytes={held}-"
    assert (folder / f"{NAME}.mat").read_bytes() == CONTENT


# --- verify


def test_verify_takes_whatever_is_there(folder: Path) -> None:
    nbsuite("fetch", NAME)
    result = nbsuite("verify")
    assert result.exit_code == 0
    assert [line.split() for line in result.stdout.splitlines() if NAME in line] == [
        [NAME, "verified"]
    ]


def test_verify_on_an_empty_disk_says_what_to_do(folder: Path) -> None:
    result = nbsuite("verify")
    assert result.exit_code == 0
    assert f"No real recording in {folder}: fetch one" in result.stdout


def test_verify_says_what_is_missing() -> None:
    result = nbsuite("verify", "I1", "L2")
    assert result.exit_code == 1
    assert "lacks recordings: run `nbsuite data fetch I1 L2`" in result.stderr


def test_verify_says_what_differs(folder: Path) -> None:
    nbsuite("fetch", NAME)
    (folder / f"{NAME}.mat").write_bytes(b"spoilt")
    result = nbsuite("verify")
    assert result.exit_code == 1
    assert f"replace them with `nbsuite data fetch {NAME} --force`" in result.stderr
    assert nbsuite("fetch", NAME).exit_code == 1
    assert nbsuite("fetch", NAME, "--force").exit_code == 0
    assert nbsuite("verify").exit_code == 0


def test_verify_for_programs(folder: Path) -> None:
    folder.mkdir()
    (folder / "indy_20160622_01.mat").write_bytes(b"mine")
    result = nbsuite("verify", "--json")
    assert json.loads(result.stdout) == [
        {
            "id": "I1",
            "name": "indy_20160622_01",
            "path": str(folder / "indy_20160622_01.mat"),
            "verified": False,
            "state": "md5 differs from the published one",
        }
    ]


# --- twin


def test_twin_is_generated_once(folder: Path) -> None:
    path = twin_path(find_session("I3"), folder, fraction=0.02)
    first = nbsuite("twin", "I3", *SHORT)
    assert first.exit_code == 0
    assert first.stdout == f"I3: {path} (twin)\n"
    written = path.stat().st_mtime_ns
    nbsuite("twin", "I3", *SHORT)
    assert path.stat().st_mtime_ns == written
    nbsuite("twin", "I3", *SHORT, "--force")
    assert path.stat().st_mtime_ns != written


def test_twin_writes_where_it_is_told(tmp_path: Path) -> None:
    path = tmp_path / "short.mat"
    result = nbsuite("twin", "I3", *SHORT, "--seed", 7, "-o", path, "--json")
    assert json.loads(result.stdout) == [
        {
            "id": "I3",
            "name": "indy_20170131_02",
            "path": str(path),
            "fraction": 0.02,
            "seed": 7,
        }
    ]
    info = read_twin_info(path)
    assert info is not None
    assert (info.session, info.fraction, info.seed) == ("indy_20170131_02", 0.02, 7)


def test_twin_replaces_no_link_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "mine.mat"
    path.symlink_to("elsewhere")
    result = nbsuite("twin", "I3", *SHORT, "-o", path)
    assert result.exit_code == 1
    assert f"{path} exists already: replace it with --force" in result.stderr
    assert path.is_symlink()


def test_twin_replaces_no_file_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "mine.mat"
    path.write_bytes(b"mine")
    result = nbsuite("twin", "I3", *SHORT, "-o", path)
    assert result.exit_code == 1
    assert f"{path} exists already: replace it with --force" in result.stderr
    assert path.read_bytes() == b"mine"
    assert nbsuite("twin", "I3", *SHORT, "-o", path, "--force").exit_code == 0
    assert read_twin_info(path) is not None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("I1", "I2", "-o", "one.mat"), "one.mat can hold one twin, not 2"),
        ((NAME,), NAME),
        (("I3", "--fraction", "0"), "fraction"),
        (("I3", "--fraction", "1.5"), "fraction"),
        (("I3", "--seed", "-1"), "seed"),
    ],
)
def test_twins_that_cannot_be(arguments: tuple[str, ...], message: str) -> None:
    result = nbsuite("twin", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


# --- info


@pytest.fixture
def short_twin(tmp_path: Path) -> Path:
    path = tmp_path / "indy_20170131_02.mat"
    assert nbsuite("twin", "I3", *SHORT, "-o", path).exit_code == 0
    return path


def test_info_describes_a_file_and_calls_a_twin_one(short_twin: Path) -> None:
    result = nbsuite("info", short_twin)
    assert result.exit_code == 0
    assert "TWIN of indy_20170131_02: synthetic, fraction 0.02, seed 1" in result.stdout
    assert ["channels", "96"] in [line.split() for line in result.stdout.splitlines()]
    sets = [line.split()[0] for line in result.stdout.splitlines() if line.startswith("  t")]
    assert "test" in sets


def test_info_for_programs(short_twin: Path) -> None:
    described = json.loads(nbsuite("info", short_twin, "--json").stdout)
    assert described["channels"] == 96
    assert described["twin"]["session"] == "indy_20170131_02"
    assert len(described["splits"]) == 3
    assert described["problems"] == []


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_info_of_a_file_that_is_none_says_what_is_wrong(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    path = tmp_path / "indy_20170131_02.mat"
    path.write_bytes(b"no recording")
    result = nbsuite("info", path, *options)
    assert result.exit_code == 1
    assert "is not an HDF5 file" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("nowhere/file.mat",), 1, "nowhere/file.mat"),
        (("I4",), 2, "There is no session 'I4'"),
        (("I1", "--data", "real"), 1, "fetch it with `nbsuite data fetch I1`"),
    ],
)
def test_info_of_nothing(arguments: tuple[str, ...], status: int, message: str) -> None:
    result = nbsuite("info", *arguments)
    assert result.exit_code == status
    assert message in result.stderr


def test_every_command_has_examples_and_json() -> None:
    group = main.get_command(click.Context(main), "data")
    assert isinstance(group, click.Group)
    assert sorted(group.commands) == ["fetch", "import", "info", "twin", "verify"]
    for command in group.commands.values():
        assert "Examples:" in str(command.epilog)
        assert "as_json" in [parameter.name for parameter in command.params]


def test_the_published_md5_is_what_counts(folder: Path, server: Server) -> None:
    nbsuite("fetch", NAME)
    (memory,) = (folder.parent / "cache").glob("record-583331-*.json")
    assert json.loads(memory.read_text())[f"{NAME}.mat"] == {
        "size": len(CONTENT),
        "md5": md5(CONTENT, usedforsecurity=False).hexdigest(),
    }
    assert real_path(find_session(NAME), folder).exists()
