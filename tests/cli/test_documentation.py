"""Every command is documented, and the reference is the commands' own help."""

from __future__ import annotations

import runpy
from pathlib import Path

import click
import pytest

from nbsuite.cli.frame.groups import walk_commands
from nbsuite.cli.main import TOPICS, main

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", [name for topic in TOPICS.values() for name in topic])
def test_the_readme_mentions_every_command(command: str) -> None:
    assert f"nbsuite {command}" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [name for name, _command in walk_commands("nbsuite", main)])
def test_the_reference_has_every_command_and_option(name: str) -> None:
    command = dict(walk_commands("nbsuite", main))[name]
    assert REFERENCE.count(f"## {name}\n") == 1
    section = REFERENCE.partition(f"## {name}\n")[2].partition("\n## ")[0]
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            assert f"`{option.opts[0]}`" in section


def test_the_reference_is_up_to_date() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "write_command_reference.py"))
    assert script["render_reference"]() == REFERENCE, (
        "run python scripts/write_command_reference.py"
    )
