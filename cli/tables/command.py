"""``nbsuite table``: the tables of the publication, from any results folder."""

from __future__ import annotations

from pathlib import Path

import click

from nbsuite.cli.frame.examples import examples
from nbsuite.cli.tables.inputs import RESULTS, read_models, twins_option
from nbsuite.cli.tables.rich_tables import choose_format, emit, table_options
from nbsuite.errors import ResultsError
from nbsuite.submissions.results.formats import Format
from nbsuite.submissions.tables.published_tables import accuracy_table, demand_table

TABLES = {"1": accuracy_table, "2": demand_table}


@click.command(
    epilog=examples(
        "nbsuite table 1 results",
        "nbsuite table 2 results --format latex -o demand.tex",
        "nbsuite table 1 results/twins --twins",
    )
)
@click.argument("number", type=click.Choice(list(TABLES)), metavar="1|2")
@click.argument("results", nargs=-1, required=True, type=RESULTS)
@twins_option()
@table_options
def table(
    number: str,
    results: tuple[Path, ...],
    twins: bool,
    format_: Format | None,
    as_json: bool,
    output: Path | None,
) -> None:
    """Print a table of the publication from your results: 1 for R2, 2 for computational demand.

    RESULTS are folders, or files, of challenge-format results. Means are over all six sessions or
    are not given; the published baselines stand beside results on real recordings.
    """
    chosen = choose_format(format_, output, as_json=as_json)
    models = read_models(results, twins=twins)
    if not models:
        kind = "twins" if twins else "real recordings of the challenge's sessions"
        raise ResultsError(
            f"{', '.join(map(str, results))} holds no results on {kind}; "
            f"{'leave out --twins' if twins else 'show twins with --twins'} or name another folder."
        )
    emit(TABLES[number](models), chosen, output)
