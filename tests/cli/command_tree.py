"""All commands of nbsuite, for tests that hold for every one."""

from __future__ import annotations

from collections.abc import Iterator

import click

from nbsuite.cli.main import main


def all_commands() -> list[tuple[str, click.Command]]:
    """Every command and group below the root, with its full name: ``nbsuite data fetch``."""
    return list(_walk("nbsuite", main))[1:]


def _walk(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None, f"{name} {child} cannot be loaded"
            yield from _walk(f"{name} {child}", found)
