"""Command groups that suggest what was meant, and import a command's module only when needed."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from typing import Any

import click


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
            close = difflib.get_close_matches(name, self.list_commands(ctx), n=3, cutoff=0.5)
            remedy = (
                f"did you mean {' or '.join(close)}?"
                if close
                else f"choose one of {', '.join(self.list_commands(ctx))}."
            )
            ctx.fail(f"There is no command '{name}': {remedy}")
        return super().resolve_command(ctx, args)


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
