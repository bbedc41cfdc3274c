"""Command groups that suggest what was meant, and import a command's module only when needed."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

import click

from nbsuite.suggestions import did_you_mean


class Group(click.Group):
    """A command group that answers an unknown name with the names closest to it."""

    group_class = type  # groups inside this one are of its own class

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that ``args`` starts with.

        Raises:
            click.UsageError: there is no such command.
        """
        name = args[0]
        known = name.startswith("-") or self.get_command(ctx, name) is not None
        if not known and not ctx.resilient_parsing:  # which is how completion parses
            hint = did_you_mean(name, self.list_commands(ctx))
            ctx.fail(f"There is no command '{name}': {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with the whole first sentence of their help, where Click cuts it."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, command.get_short_help_str(200)) for name, command in commands if command]
            )


class LazyGroup(Group):
    """A group that knows where its commands are: ``"package.module:attribute"``.

    Args:
        lazy_commands: command name to place, in the order of the help page.
    """

    def __init__(self, *args: Any, lazy_commands: Mapping[str, str], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._places = dict(lazy_commands)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the help page."""
        return [*self._places, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command of that name, or return None where there is none."""
        place = self._places.get(cmd_name)
        if place is None:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = place.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{place} is not a Click command")
        return command


def walk_commands(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """The command and all below it, each with its full name: ``nbsuite data fetch``."""
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            if found is not None:
                yield from walk_commands(f"{name} {child}", found)
