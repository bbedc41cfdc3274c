"""Write docs/commands.md from the commands themselves; a test fails when it is out of date.

python scripts/write_command_reference.py
"""

from __future__ import annotations

import inspect
import textwrap
from pathlib import Path

import click

from nbsuite.cli.frame.groups import walk_commands
from nbsuite.cli.main import main

DESTINATION = Path(__file__).parents[1] / "docs" / "commands.md"
INTRODUCTION = """\
# Commands

Written by `scripts/write_command_reference.py` from the commands' own help; change it there.

Results go to standard output, progress and notes to standard error. `--json` prints results for
programs. The exit status is 0 when all was done, 1 for an error in files or data, 2 for a request
that cannot be met as stated, 130 after Ctrl-C.
"""


def render_reference() -> str:
    """The whole page."""
    sections = [_render(name, command) for name, command in walk_commands("nbsuite", main)]
    return "\n".join([INTRODUCTION, *sections])


def _render(name: str, command: click.Command) -> str:
    """One command: usage, help, options, examples."""
    parts = [f"## {name}", f"    {name} {_usage(command)}", inspect.cleandoc(command.help or "")]
    if options := [p for p in command.params if isinstance(p, click.Option) and not p.hidden]:
        parts.append("\n".join(_option(option) for option in options))
    if command.epilog and "\b" in command.epilog:
        lines = command.epilog.replace("\b", "").strip().splitlines()[1:]
        parts.append("\n".join(f"    {line.strip()}" for line in lines))
    return "\n\n".join(parts) + "\n"


def _usage(command: click.Command) -> str:
    words = ["[OPTIONS]"]
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            name = parameter.metavar or (parameter.name or "").upper()
            dots = "..." if parameter.nargs != 1 and not name.endswith("...") else ""
            words.append(f"{name}{dots}" if parameter.required else f"[{name}{dots}]")
    if isinstance(command, click.Group):
        words.append("COMMAND")
    return " ".join(words)


def _option(option: click.Option) -> str:
    """A line of the list of options."""
    names = ", ".join(f"`{name}`" for name in sorted(option.opts, key=len, reverse=True))
    choices = option.type.choices if isinstance(option.type, click.Choice) else ()
    among = f" ({', '.join(map(str, choices))})" if choices else ""
    text = " ".join((option.help or "").split())
    return textwrap.fill(f"- {names}{among}: {text}", 100, subsequent_indent="  ")


if __name__ == "__main__":
    DESTINATION.write_text(render_reference(), encoding="utf-8")
