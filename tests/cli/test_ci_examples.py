"""docs/ci.md: what its examples run exists, and they are files of their format."""

from __future__ import annotations

import configparser
import re
import shlex
from pathlib import Path

import click
import pytest

from nbsuite.cli.main import main

DOCUMENT = (Path(__file__).parents[2] / "docs" / "ci.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"```(\w*)\n(.*?)```", DOCUMENT, re.DOTALL))
COMMANDS = [
    line.partition("nbsuite ")[2].partition(" >>")[0]
    for block in re.findall(r"```\w*\n(.*?)```", DOCUMENT, re.DOTALL)
    for line in block.splitlines()
    if re.match(r"\s*(run: )?nbsuite ", line)
]


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_is_accepted(line: str) -> None:
    name, *arguments = shlex.split(line)
    command = main.get_command(click.Context(main), name)
    assert command is not None
    with command.make_context(name, arguments):
        pass


def test_the_examples_are_found() -> None:
    assert len(COMMANDS) >= 6
    assert {line.split()[0] for line in COMMANDS} == {"benchmark", "compare", "table"}
    with pytest.raises(click.NoSuchOption):
        test_every_command_is_accepted("compare a b --no-such-option")


def test_the_tox_example_is_a_configuration() -> None:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(BLOCKS["ini"])
    commands = parser["testenv"]["commands"].strip().splitlines()
    assert [command.split()[:2] for command in commands] == [
        ["nbsuite", "benchmark"],
        ["nbsuite", "compare"],
    ]
    assert "310,311,312,313" in parser["tox"]["env_list"]


def test_the_workflow_measures_and_compares_on_every_python() -> None:
    workflow = BLOCKS["yaml"]
    assert 'python: ["3.10", "3.11", "3.12", "3.13"]' in workflow
    assert "python-version: ${{ matrix.python }}" in workflow
    runs = [line.partition("run: ")[2] for line in workflow.splitlines() if " run: n" in line]
    assert [run.split()[1] for run in runs] == ["benchmark", "compare", "table"]
    assert runs[0].endswith("-o results")
    assert runs[1].startswith("nbsuite compare baseline results")


def test_twins_are_kept_until_what_makes_them_changes() -> None:
    (pattern,) = re.findall(r"hashFiles\('tools/nbsuite/(.*?)'\)", BLOCKS["yaml"])
    found = {path.name for path in Path(__file__).parents[2].glob(pattern)}
    assert {"generate.py", "behaviour.py", "population.py", "spikes.py"} <= found
