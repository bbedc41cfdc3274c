"""The root of the command line.

Commands are named below with the first sentence of their help, so that ``nbsuite --help`` imports
none of them. Modules in ``cli/`` import heavy packages inside the command's function only, so that
their own help is there at once. CONTRIBUTING.md says how to add a command.
"""

from __future__ import annotations

from typing import Any

import click

import nbsuite
from nbsuite.cli.frame.errors import clean_termination, reported_errors
from nbsuite.cli.frame.groups import LazyCommand, LazyGroup
from nbsuite.cli.frame.output import degrade_streams

TOPICS = {
    "Data": {
        "sessions": LazyCommand(
            "nbsuite.cli.data.sessions:sessions",
            "List the public sessions, what they serve for, and what of them is on this disk.",
        ),
        "data": LazyCommand(
            "nbsuite.cli.data.command:data",
            "Fetch, verify, imitate, import and inspect recordings.",
        ),
    },
    "Decoders": {
        "train": LazyCommand(
            "nbsuite.cli.train.command:train",
            "Train MODEL, a published decoder or one of your own, and measure it.",
        ),
        "sweep": LazyCommand(
            "nbsuite.cli.sweep.command:sweep",
            "Run a study: many models, sessions, seeds and recipes, described in a file.",
        ),
        "new": LazyCommand(
            "nbsuite.cli.new.command:new",
            "Write a file to begin with.",
        ),
        "check": LazyCommand(
            "nbsuite.cli.check:check",
            "Check a decoder of your own, and say in plain words what holds.",
        ),
        "convert": LazyCommand(
            "nbsuite.cli.convert.command:convert",
            "Convert checkpoints of other libraries to nbsuite's format, and back.",
        ),
        "benchmark": LazyCommand(
            "nbsuite.cli.benchmark.command:benchmark",
            "Measure decoders on recordings and write challenge-format JSON.",
        ),
        "energy": LazyCommand(
            "nbsuite.cli.energy.command:energy",
            "Estimate the energy of one decoded sample from operations and memory traffic.",
        ),
        "stream": LazyCommand(
            "nbsuite.cli.stream:stream", "Decode a test set sample by sample and time every step."
        ),
    },
    "Results": {
        "leaderboard": LazyCommand(
            "nbsuite.cli.tables.leaderboard:leaderboard",
            "Rank your results among all that is published on the task.",
        ),
        "table": LazyCommand(
            "nbsuite.cli.tables.command:table",
            "Print a table of the publication from your results: 1 for R2, 2 for computational"
            " demand.",
        ),
        "report": LazyCommand(
            "nbsuite.cli.report:report",
            "Write one HTML page with your results, for a browser or for paper.",
        ),
        "compare": LazyCommand(
            "nbsuite.cli.tables.compare:compare",
            "Compare results OLD and NEW metric by metric, or decoders with each other.",
        ),
        "reproduce": LazyCommand(
            "nbsuite.cli.reproduce:reproduce",
            "Measure published checkpoints again and compare with what was published.",
        ),
        "submission": LazyCommand(
            "nbsuite.cli.submission.command:submission",
            "Pack results for a challenge, and check such packages.",
        ),
    },
    "First steps and help": {
        "demo": LazyCommand(
            "nbsuite.cli.demo:demo",
            "Train and measure a small decoder on a short synthetic recording.",
        ),
        "env": LazyCommand(
            "nbsuite.cli.env:env", "Show versions, devices, threads and folders, for bug reports."
        ),
        "completion": LazyCommand(
            "nbsuite.cli.completion:completion",
            "Print the completion script of a shell (default: the one you run).",
        ),
    },
}
"""The commands by topic, with the first sentence of their help."""


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
    topics=TOPICS,
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
    """Decoders of movement from spikes in the brain, measured with NeuroBench's metrics.

    Train, measure and compare published decoders and your own, on the recordings of the IEEE BioCAS
    2024 Grand Challenge and on your own, and pack results in the challenge's formats.
    """
    del debug  # read by RootGroup
