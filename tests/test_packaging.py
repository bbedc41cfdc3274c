"""What an installation consists of."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

import nbsuite

ROOT = Path(__file__).parents[1]
FOLDERS = {"nbsuite": "nbsuite", "cli": "nbsuite/cli"} | {
    name: f"nbsuite/{name}" for name in ("conversions", "submissions")
}
NOT_INSTALLED = ("__pycache__", ".pyc", ".nbi", ".nbc")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names of the files in a wheel built from the repository's packages."""
    pytest.importorskip("setuptools", minversion="77", reason="builds the wheel")
    source = tmp_path_factory.mktemp("source")
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, source / folder)
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    subprocess.run(
        [sys.executable, "-c", "from setuptools import build_meta; build_meta.build_wheel('.')"],
        cwd=source,
        check=True,
        capture_output=True,
    )
    (file,) = source.glob("*.whl")
    return zipfile.ZipFile(file).namelist()


def test_installs_nbsuite_and_nothing_else(wheel: list[str]) -> None:
    tops = {name.partition("/")[0] for name in wheel}
    assert tops == {"nbsuite", f"nbsuite-{nbsuite.__version__}.dist-info"}


def test_installs_every_module_and_data_file(wheel: list[str]) -> None:
    wanted = {
        f"{package}/{path.relative_to(ROOT / folder).as_posix()}"
        for folder, package in FOLDERS.items()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and not any(part in str(path) for part in NOT_INSTALLED)
    }
    assert wanted == {name for name in wheel if name.startswith("nbsuite/")}


def test_the_installation_in_use_adds_one_name() -> None:
    files = metadata.files("nbsuite") or []
    modules = {file.parts[0] for file in files if not file.parts[0].startswith((".", "__"))}
    assert {name for name in modules if ".dist-info" not in name} <= {"nbsuite"}
    assert metadata.distribution("nbsuite").read_text("top_level.txt") == "nbsuite\n"


def test_versions_agree() -> None:
    assert metadata.version("nbsuite") == nbsuite.__version__
    citation = (ROOT / "CITATION.cff").read_text()
    assert re.findall(r"^version: (.*)$", citation, re.MULTILINE) == [nbsuite.__version__]


def test_lower_bounds_are_the_tested_ones() -> None:
    required = {
        tuple(text.partition(";")[0].strip().split(">="))
        for text in metadata.requires("nbsuite") or []
        if 'extra == "lint"' not in text
    }
    tested = {
        tuple(line.partition("#")[0].strip().split("=="))
        for line in (ROOT / "constraints-lowest.txt").read_text().splitlines()
        if "==" in line
    }
    for name, bound in required:
        pins = [pin for pinned, pin in tested if pinned == name]
        assert pins, f"constraints-lowest.txt does not pin {name}"
        assert pins[0] in (bound, f"{bound}.0"), f"{name} is tested from {pins[0]} only"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in which Python is started, whatever is installed."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in (*FOLDERS, "setup.py"):
        (folder / name).symlink_to(ROOT / name)
    return folder


def test_the_root_of_a_checkout_can_be_imported_from(checkout: Path) -> None:
    program = (
        "import nbsuite, nbsuite.cli, nbsuite.conversions, nbsuite.submissions.results\n"
        "print(nbsuite.__file__, nbsuite.cli.__file__, nbsuite.conversions.__file__,"
        " nbsuite.submissions.results.__file__, sep='\\n')\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program], cwd=checkout, capture_output=True, text=True
    )
    assert finished.stdout.splitlines() == [
        str(checkout / folder / "__init__.py")
        for folder in ("nbsuite", "cli", "conversions", "submissions/results")
    ], finished.stderr
    finished = subprocess.run(
        [sys.executable, "-m", "nbsuite", "--version"], cwd=checkout, capture_output=True, text=True
    )
    assert finished.stdout == f"nbsuite, version {nbsuite.__version__}\n", finished.stderr


def test_a_folder_that_is_no_checkout_lends_no_modules(tmp_path: Path) -> None:
    (tmp_path / "nbsuite").symlink_to(ROOT / "nbsuite")
    (tmp_path / "cli.py").write_text("")
    program = (
        "import sys, nbsuite\n"
        "print([each for each in sys.meta_path if type(each).__module__ == 'nbsuite.checkout'])"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True
    )
    assert finished.stdout == "[]\n", finished.stderr
