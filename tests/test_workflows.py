"""Workflows, hooks and containers pin what they use, and agree with the rest of the project."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GITHUB = ROOT / ".github"
README_TEST = re.compile(r"^python3 -m venv .*pytest$", re.MULTILINE)

pytestmark = pytest.mark.skipif(not GITHUB.is_dir(), reason="not in the source distribution")


def _workflows() -> dict[str, str]:
    """The texts of the workflows, by file."""
    return {path.name: path.read_text(encoding="utf-8") for path in GITHUB.glob("workflows/*.yml")}


def _environments() -> set[str]:
    """The environments of tox.ini."""
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    return {name.partition(":")[2] for name in tox.sections() if ":" in name}


def test_every_action_is_pinned_by_a_commit_with_its_version_beside_it() -> None:
    used = [
        line.partition("uses:")[2].strip()
        for text in _workflows().values()
        for line in text.splitlines()
        if re.match(r"\s*(- )?uses:", line)
    ]
    assert used
    pinned = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert [each for each in used if not pinned.fullmatch(each)] == []


def test_an_action_has_one_digest_everywhere() -> None:
    used = re.findall(r"uses: ([\w.-]+/[\w.-]+)[\w/.-]*@(\w+)", "".join(_workflows().values()))
    assert len(set(used)) == len({action for action, _ in used})


def test_every_job_has_a_limit_of_time_and_permissions_of_its_own() -> None:
    for name, text in _workflows().items():
        head, _, jobs = text.partition("\njobs:\n")
        assert "\npermissions: {}\n" in head, name
        for job in re.split(r"^  (?=\w+:$)", jobs, flags=re.MULTILINE)[1:]:
            assert "\n    timeout-minutes: " in job, (name, job)
            assert "\n    permissions:\n" in job, (name, job)


def test_checkouts_leave_no_credentials_behind() -> None:
    text = "".join(_workflows().values())
    assert text.count("actions/checkout@") == text.count("persist-credentials: false") > 0


def test_no_text_from_outside_becomes_a_command() -> None:
    commands = re.findall(r"^\s*(?:- )?run: (.*)$", "".join(_workflows().values()), re.MULTILINE)
    assert commands
    assert [each for each in commands if "${{" in each or each[0] in "|>"] == []


def test_environments_of_tox_are_there() -> None:
    texts = {**_workflows(), "hooks": (ROOT / ".pre-commit-config.yaml").read_text("utf-8")}
    called = {
        name
        for text in texts.values()
        for names in re.findall(r"tox -e (\S+)", text)
        for name in names.split(",")
    }
    assert {"lint", "type", "lowest"} <= called
    assert called <= _environments()


def test_the_tests_run_as_the_readme_says() -> None:
    (command,) = README_TEST.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    tests = _workflows()["tests.yml"]
    assert f"run: {command}\n" in tests
    _, _, inside = command.partition("activate && ")
    assert f"run: {inside}\n" in tests


def test_every_python_that_is_promised_is_tested() -> None:
    promised = re.search(r"range\(10, (\d+)\)", (ROOT / "setup.py").read_text(encoding="utf-8"))
    assert promised
    pythons = ", ".join(f'"3.{minor}"' for minor in range(10, int(promised[1])))
    assert f"python: [{pythons}]\n" in _workflows()["tests.yml"]


def test_hooks_check_style_with_the_tested_ruff() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    (tested,) = re.findall(
        r"^ruff==(.*)$", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE
    )
    assert set(re.findall(r"ruff==([\d.]+)", hooks)) == {tested}


def test_containers_begin_with_one_pinned_image() -> None:
    docker = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    apptainer = (ROOT / "apptainer.def").read_text(encoding="utf-8")
    images = re.findall(r"^FROM (\S+)", docker, re.MULTILINE)
    images += re.findall(r"^From: (\S+)", apptainer, re.MULTILINE)
    assert len(images) == 3
    assert len({re.fullmatch(r"python\S*@(sha256:[0-9a-f]{64})", each)[1] for each in images}) == 1


def test_containers_are_given_what_they_install() -> None:
    given = set(
        re.findall(r"^!(.+?)/?$", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE)
    )
    assert all((ROOT / name).exists() for name in given)
    docker = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", docker, re.MULTILINE)
    assert {name for names in copied for name in names.split()} == given
    apptainer = (ROOT / "apptainer.def").read_text(encoding="utf-8")
    assert set(re.findall(r"^    (\S+) /source/\1$", apptainer, re.MULTILINE)) == given
