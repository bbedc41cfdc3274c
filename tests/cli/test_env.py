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


def imports(folder: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> dict[str, str | None]:
    """What is found wrong with three packages, of which the second has that content."""
    (folder / "odd_package.py").write_text(content)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setattr(environment, "PACKAGES", ("click", "odd_package", "filelock"))
    packages = environment.describe_environment()["packages"]
    return {name: package["error"] for name, package in packages.items()}


@pytest.mark.parametrize(
    "content",
    [
        'print("{")',
        """print('{"starting": 5, "package": 6, "error": "forged", "torch": [7], "numba": 8}')""",
        "print('[' * 100_000)",
        "import os; os.write(1, b'\\xff\\xfe{\\n' * 1000)",
        "import sys; sys.stdout.write('x' * 5_000_000)",
        "import os; os.write(1, b'no line')",
    ],
)
def test_what_a_package_prints_is_no_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    assert set(imports(tmp_path, monkeypatch, content).values()) == {None}


def test_an_import_that_does_not_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_PATIENCE", 1.0)
    errors = imports(tmp_path, monkeypatch, "import threading; threading.Event().wait()")
    assert errors["odd_package"] == "its import did not end within 1 s"


def test_an_error_without_end_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    errors = imports(tmp_path, monkeypatch, r"raise RuntimeError('\x1b[2J\n' + 'x' * 10_000_000)")
    assert (errors["click"], errors["filelock"]) == (None, None)
    assert str(errors["odd_package"]).isprintable()
    assert len(str(errors["odd_package"])) <= 500


@pytest.mark.parametrize(
    "output",
    [
        b"\xff\xfe\n[1]\n5\n{\nnull\n" + b"[" * 100_000,
        b'{"starting": 5}\n{"package": [], "error": {}}\n{"torch": 5}\n{"numba": [1]}',
        b'{"starting": null, "error": "of nobody"}\n{"torch": {"devices": 5, "threads": "x"}}',
        b'{"torch": {"devices": [1, "\\u001b[2J"], "cuda": []}, "numba": {"threads": 1e5}}',
    ],
)
def test_reports_of_other_forms(monkeypatch: pytest.MonkeyPatch, output: bytes) -> None:
    monkeypatch.setattr(environment, "_probe", lambda _packages: (output, "it ended"))
    result = CliRunner().invoke(main, ["env"])
    assert result.exit_code == 0, result.output
    assert "\x1b" not in result.stdout


def test_files_in_the_current_folder_are_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("click", "json", "filelock"):
        (tmp_path / f"{name}.py").write_text("import os; os.mkdir('imported')")
    monkeypatch.setattr(environment, "PACKAGES", ("click", "filelock"))
    packages = environment.describe_environment()["packages"]
    assert {package["error"] for package in packages.values()} == {None}
    assert not Path("imported").exists()


def test_folders_and_variables_that_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "PACKAGES", ("click",))
    monkeypatch.setenv("NBSUITE_DATA", "~nobody-here/x")
    monkeypatch.setenv("NBSUITE_CACHE", "\udcff\x1b[2J")
    monkeypatch.setenv("OMP_NUM_THREADS", "\x1b[2J" * 10_000)
    result = CliRunner().invoke(main, ["env", "--json"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert "home folder that is unknown" in report["folders"]["data"]
    assert report["folders"]["cache"] == "??[2J"
    assert len(report["variables"]["OMP_NUM_THREADS"]) == 1000
