"""Command groups that suggest what was meant, and import a command's module only when needed."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True)
class LazyCommand:
    """A command that is imported when it is needed.

    Attributes:
        place: where it is: ``"package.module:attribute"``.
        summary: the first sentence of its help.
    """

    place: str
    summary: str


class LazyGroup(Group):
    """A group that knows where its commands are, and what they do.

    Args:
        topics: commands by name, in the order of the help page and under its headings.
    """

    def __init__(
        self, *args: Any, topics: Mapping[str, Mapping[str, LazyCommand]], **settings: Any
    ) -> None:
        super().__init__(*args, **settings)
        self._topics = topics
        self._lazy = {name: each for of_one in topics.values() for name, each in of_one.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the help page."""
        return [*self._lazy, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command of that name, or return None where there is none."""
        lazy = self._lazy.get(cmd_name)
        if lazy is None:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = lazy.place.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{lazy.place} is not a Click command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by topic, without importing them."""
        del ctx
        width = max(map(len, self._lazy), default=0)
        for topic, commands in self._topics.items():
            with formatter.section(topic):
                formatter.write_dl(
                    [(name.ljust(width), each.summary) for name, each in commands.items()]
                )


def walk_commands(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """The command and all below it, each with its full name: ``nbsuite data fetch``."""
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            if found is not None:
                yield from walk_commands(f"{name} {child}", found)
