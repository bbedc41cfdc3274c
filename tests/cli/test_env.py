"""``nbsuite env``: it tells a sound installation from a broken one."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

import pytest
from click.testing import CliRunner

import nbsuite
from nbsuite import environment
from nbsuite.cli.main import main


def test_reports_versions_threads_and_folders(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["env", "--json"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["nbsuite"] == nbsuite.__version__
    assert report["packages"]["torch"] == {"version": metadata.version("torch"), "error": None}
    assert {package["error"] for package in report["packages"].values()} == {None}
    assert report["torch"]["threads"] >= 1
    assert report["numba"]["threads"] >= 1
    assert report["folders"] == {
        "data": str(tmp_path / "own-data"),
        "cache": str(tmp_path / "own-cache"),
    }
    assert report["variables"]["NBSUITE_DATA"] == str(tmp_path / "own-data")


def test_names_every_dependency_of_the_package() -> None:
    required = {
        text.split(">")[0]
        for text in metadata.requires("nbsuite") or []
        if ";" not in text  # neither in an extra nor for some Pythons only
    }
    assert required == set(environment.PACKAGES)


def test_shows_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "PACKAGES", ("click", "absent-package"))
    result = CliRunner().invoke(main, ["env"])
    assert result.exit_code == 0, result.output
    assert metadata.version("click") in result.stdout
    assert "not installed" in result.stdout


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        ("raise RuntimeError('no libfoo.so')", "RuntimeError: no libfoo.so"),
        ("import os; os.abort()", "its import ended Python with status"),
    ],
)
def test_reports_a_broken_package_and_those_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, finding: str
) -> None:
    (tmp_path / "broken_package.py").write_text(content)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(environment, "PACKAGES", ("click", "broken_package"))
    packages = environment.describe_environment()["packages"]
    assert packages["click"]["error"] is None
    assert packages["broken_package"]["error"].startswith(finding)
