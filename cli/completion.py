"""``nbsuite completion``: the script that lets a shell complete commands, options and sessions."""

from __future__ import annotations

import os
import sys
from pathlib import PurePath

import click
from click.shell_completion import get_completion_class

from nbsuite.cli.frame.examples import examples
from nbsuite.cli.frame.output import note

INSTALLATION = {
    "bash": 'add this line to ~/.bashrc:  eval "$(nbsuite completion bash)"',
    "zsh": 'add this line to ~/.zshrc, after compinit:  eval "$(nbsuite completion zsh)"',
    "fish": "nbsuite completion fish > ~/.config/fish/completions/nbsuite.fish",
}


@click.command(
    epilog=examples(
        "echo 'eval \"$(nbsuite completion bash)\"' >> ~/.bashrc",
        "echo 'eval \"$(nbsuite completion zsh)\"' >> ~/.zshrc",
        "nbsuite completion fish > ~/.config/fish/completions/nbsuite.fish",
    )
)
@click.argument("shell", type=click.Choice(tuple(INSTALLATION)), required=False)
@click.pass_context
def completion(ctx: click.Context, shell: str | None) -> None:
    """Print the completion script of a shell (default: the one you run).

    It completes commands, options, session ids, models, settings, stages and files.
    """
    shell = shell or _current_shell()
    completer = get_completion_class(shell)
    if completer is None:
        raise click.UsageError(f"This version of Click has no completion for {shell}: update it.")
    root = ctx.find_root().command
    click.echo(completer(root, {}, "nbsuite", "_NBSUITE_COMPLETE").source())
    if sys.stdout.isatty():
        note(f"To install: {INSTALLATION[shell]}")


def _current_shell() -> str:
    """The shell of the environment.

    Raises:
        click.UsageError: it has no completion script.
    """
    shell = PurePath(os.environ.get("SHELL", "")).name
    if shell not in INSTALLATION:
        raise click.UsageError(
            f"Your shell ({shell or 'SHELL is not set'}) has no completion script: name one of"
            f" {', '.join(INSTALLATION)}."
        )
    return shell
