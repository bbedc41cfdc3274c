"""``nbsuite submission``: what it prints, and its exit status."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nbsuite.cli.main import main
from tests.submissions.packages import PROVENANCE, RESULTS, SUMMARY, read, write


def nbsuite(*arguments: object, status: int = 0) -> Result:
    result = CliRunner().invoke(main, ["submission", *map(str, arguments)])
    assert result.exit_code == status, result.output
    return result


def test_new_writes_a_file_to_be_filled_in() -> None:
    assert "Wrote submission.toml: fill in every value" in nbsuite("new").stderr
    assert "# The name under which the team" in Path("submission.toml").read_text()
    assert "exists already and is kept" in nbsuite("new", status=1).stderr
    nbsuite("new", "--force")


def test_pack_and_validate(measured: Path, submission_toml: Path) -> None:
    shutil.copy(submission_toml, "submission.toml")
    refused = nbsuite("pack", measured, status=1)
    assert "never count as a submission" in refused.stderr
    packed = nbsuite("pack", measured, "-o", "team.zip", "--allow-twins")
    assert packed.stdout == (
        "Wrote team.zip: tinyRSNN by The Decoders on I1, I2, I3, L1, L2, L3 (TWINS), seeds 1, 2\n"
    )
    assert packed.stderr == "Note: The results are on TWINS: this is no submission.\n"
    assert nbsuite("validate", "team.zip", "--allow-twins").stdout.startswith("Valid: team.zip:")
    described = json.loads(nbsuite("validate", "team.zip", "--allow-twins", "--json").stdout)
    assert (described["team"], described["seeds"], described["twin"]) == (
        "The Decoders",
        [1, 2],
        True,
    )
    refused = nbsuite("validate", "team.zip", status=1)
    assert refused.stderr.startswith("Error: team.zip is refused and has to be packed again: its")


def test_pack_without_a_description(measured: Path) -> None:
    refused = nbsuite("pack", measured, "--allow-twins", status=1)
    assert "There is no submission.toml; write one with `nbsuite submission new`" in refused.stderr


def test_verify(package: Path, measured: Path) -> None:
    options = ["--allow-twins", "--data-dir", measured / "data", "--session", "L2"]
    verified = nbsuite("verify", package, *options)
    assert verified.stdout.count("yes") == 2 * 7
    figures = json.loads(nbsuite("verify", package, *options, "--json").stdout)
    assert {(figure["session"], figure["seed"]) for figure in figures} == {("L2", 1), ("L2", 2)}
    assert all(figure["agrees"] for figure in figures)


def test_verify_by_the_script(
    package: Path, measured: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    options = ["--allow-twins", "--data-dir", measured / "data", "--session", "L2"]
    nbsuite("verify", package, *options, "--run-script")
    assert "All numbers are those of the package." in capfd.readouterr().out


def forge(package: Path, path: Path) -> Path:
    """A package whose R2 of one seed is another, throughout."""
    files = read(package)
    results, provenance, summary = (json.loads(files[n]) for n in (RESULTS, PROVENANCE, SUMMARY))
    change = 0.5 - results["r2"][0]
    results["r2"][0] = provenance["runs"][0]["metrics"]["r2"] = 0.5
    summary[next(iter(summary))]["r2"] += change / 2
    summary["average"]["r2"] += change / 12
    for name, content in ((RESULTS, results), (PROVENANCE, provenance), (SUMMARY, summary)):
        files[name] = json.dumps(content).encode()
    return write(path, files)


def test_a_forged_r2_is_valid_but_not_verified(
    package: Path, measured: Path, tmp_path: Path
) -> None:
    forged = forge(package, tmp_path / "forged.zip")
    nbsuite("validate", forged, "--allow-twins")
    options = ["--allow-twins", "--data-dir", measured / "data", "--session", "I1"]
    refused = nbsuite("verify", forged, *options, status=1)
    assert refused.stdout.count("NO") == 1
    assert "is not verified: it has r2 = 0.5 for seed 1 on I1, where" in refused.stderr


def test_nothing_of_the_package_is_executed(package: Path, tmp_path: Path) -> None:
    """Neither its script nor a module that stands beside it."""
    files = read(package)
    trap = f"open({str(tmp_path / 'executed')!r}, 'w')\n".encode()
    files["evaluate.py"] = trap + files["evaluate.py"]
    strange = write(tmp_path / "strange.zip", files)
    validated = nbsuite("validate", strange, "--allow-twins")
    assert "evaluate.py is not the one that this nbsuite packs" in validated.stderr
    refused = nbsuite("verify", strange, "--allow-twins", "-s", "I1", "--run-script", status=1)
    assert "so it is not run" in refused.stderr
    assert not os.path.lexists(tmp_path / "executed")


def test_a_package_is_left_as_it_is(package: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.zip"
    shutil.copy(package, copy)
    nbsuite("validate", copy, "--allow-twins")
    assert zipfile.ZipFile(copy).testzip() is None
    assert copy.read_bytes() == package.read_bytes()
    assert list(tmp_path.glob("*/evaluate.py")) == []
