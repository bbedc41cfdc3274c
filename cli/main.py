"""The root of the command line.

To add a command: write ``cli/<name>.py`` with a Click command of that name, and name it below.
Modules in ``cli/`` import heavy packages inside the command's function only, so that
``nbsuite --help`` is there at once.
"""

from __future__ import annotations

from typing import Any

import click

import nbsuite
from nbsuite.cli.frame.errors import clean_termination, reported_errors
from nbsuite.cli.frame.groups import LazyGroup
from nbsuite.cli.frame.output import degrade_streams

COMMANDS = {
    "sessions": "nbsuite.cli.data.sessions:sessions",
    "data": "nbsuite.cli.data.command:data",
    "convert": "nbsuite.cli.convert.command:convert",
    "train": "nbsuite.cli.train.command:train",
    "sweep": "nbsuite.cli.sweep.command:sweep",
    "new": "nbsuite.cli.new.command:new",
    "check": "nbsuite.cli.check:check",
    "benchmark": "nbsuite.cli.benchmark.command:benchmark",
    "stream": "nbsuite.cli.stream:stream",
    "leaderboard": "nbsuite.cli.tables.leaderboard:leaderboard",
    "table": "nbsuite.cli.tables.command:table",
    "report": "nbsuite.cli.report:report",
    "compare": "nbsuite.cli.tables.compare:compare",
    "submission": "nbsuite.cli.submission.command:submission",
    "reproduce": "nbsuite.cli.reproduce:reproduce",
    "demo": "nbsuite.cli.demo:demo",
    "env": "nbsuite.cli.env:env",
    "completion": "nbsuite.cli.completion:completion",
}


class RootGroup(LazyGroup):
    """The outermost group: errors of every command end here."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Read the options before the command."""
        degrade_streams()
        with reported_errors(debug=False):
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command and report its errors."""
        with clean_termination(), reported_errors(debug=ctx.params["debug"]):
            return super().invoke(ctx)


@click.group(
    cls=RootGroup,
    lazy_commands=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Run `nbsuite COMMAND --help` for the options and examples of a command.",
)
@click.option(
    "--debug",
    is_flag=True,
    envvar="NBSUITE_DEBUG",
    show_envvar=True,
    help="Show the traceback of every error, not of unexpected ones alone.",
)
@click.version_option(nbsuite.__version__, prog_name="nbsuite")
def main(debug: bool) -> None:
    """Recurrent spiking decoders for the NeuroBench primate-reaching task.

    Convert, measure and compare decoders of hand velocity from motor cortex, with the official
    metrics and in the formats of the IEEE BioCAS 2024 Grand Challenge.
    """
    del debug  # read by RootGroup
