"""`nbsuite sessions`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from nbsuite.cli.main import main
from nbsuite.data.digests import remember_digest
from nbsuite.data.folders import real_path, twin_path
from nbsuite.data.sessions import PUBLIC_SESSIONS
from nbsuite.tasks.known import find_session


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NBSUITE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NBSUITE_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("NBSUITE_ZENODO", raising=False)
    return tmp_path / "data"


def listing() -> dict[str, dict[str, Any]]:
    result = CliRunner().invoke(main, ["sessions", "--json"], catch_exceptions=False)
    assert result.exit_code == 0
    return {entry["name"]: entry for entry in json.loads(result.stdout)}


def lines() -> dict[str, str]:
    """The table's line of each session."""
    result = CliRunner().invoke(main, ["sessions"], catch_exceptions=False)
    assert result.exit_code == 0
    return {
        session.name: line
        for line in result.stdout.splitlines()
        for session in PUBLIC_SESSIONS
        if session.name in line
    }


def test_every_session_is_listed_once_the_challenge_first() -> None:
    entries = list(listing().values())
    assert len(entries) == 47
    assert [entry["id"] for entry in entries[:7]] == ["I1", "I2", "I3", "L1", "L2", "L3", None]
    assert len(lines()) == 47


def test_the_figures_of_a_challenge_session() -> None:
    entry = listing()["indy_20160622_01"]
    assert (entry["channels"], entry["test_steps"], entry["test_seconds"]) == (96, 132745, 530.98)
    line = lines()["indy_20160622_01"]
    assert line.split()[:5] == ["I1", "indy_20160622_01", "96", "132,745", "531.0"]
    assert "challenge, pretraining" in line


def test_what_is_left_out_of_pretraining_and_why() -> None:
    excluded = {name: entry for name, entry in listing().items() if not entry["pretraining"]}
    assert len(excluded) == 7
    assert all(name.startswith("indy_201604") for name in excluded)
    reason = "192 channels (M1 and S1) where decoders have 96 inputs"
    assert {entry["excluded_because"] for entry in excluded.values()} == {reason}
    assert f"excluded: {reason}" in lines()["indy_20160407_02"]


def test_nothing_is_on_a_fresh_disk() -> None:
    entry = listing()["indy_20160622_01"]
    assert (entry["real"], entry["partial_bytes"], entry["twins"]) == (None, None, [])
    assert lines()["indy_20160622_01"].rstrip().endswith(" -")


def test_what_is_on_the_disk(folder: Path) -> None:
    verified, unverified, wrong, begun, imitated, unpinned = (
        find_session(text) for text in ("I1", "I2", "I3", "L1", "L2", "indy_20160624_03")
    )
    (folder / "twins").mkdir(parents=True)
    for session in (verified, unverified, wrong, unpinned):
        real_path(session, folder).write_bytes(b"content")
    remember_digest(real_path(verified, folder), "md5", str(verified.md5))
    remember_digest(real_path(wrong, folder), "md5", "0" * 32)
    (folder / f"{begun.name}.mat.part").write_bytes(bytes(2_000_000))
    for seed in (1, 2):
        twin_path(imitated, folder, seed=seed).write_bytes(b"twin")
    twin_path(verified, folder, fraction=0.1).write_bytes(b"twin")

    entries, table = listing(), lines()
    assert entries[verified.name]["real"] == {
        "path": str(real_path(verified, folder)),
        "verified": True,
        "state": "verified",
    }
    assert entries[unverified.name]["real"]["verified"] is False
    assert entries[begun.name]["partial_bytes"] == 2_000_000
    assert len(entries[imitated.name]["twins"]) == 2
    for session, text in {
        verified: "real (verified), twin",
        unverified: "real (present, not verified)",
        wrong: "real (md5 differs from the published one)",
        begun: "download begun (2 MB)",
        imitated: "2 twins",
        unpinned: "real (present, published md5 not known here)",
    }.items():
        assert table[session.name].rstrip().endswith(f" {text}")


def test_listing_reads_no_recording(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    real_path(find_session("I1"), folder).write_bytes(b"content")
    monkeypatch.setattr("nbsuite.data.digests.digest", lambda *_: pytest.fail("read a recording"))
    assert listing()["indy_20160622_01"]["real"]["state"] == "present, not verified"


def test_another_folder_can_be_named(tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    other.mkdir()
    real_path(find_session("I1"), other).write_bytes(b"content")
    result = CliRunner().invoke(main, ["sessions", "--data-dir", str(other)])
    assert "present, not verified" in result.stdout
    assert str(other) in result.stdout
