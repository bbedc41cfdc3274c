"""``nbsuite table``: the tables of the publication, from any results folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from nbsuite.benchmarking.quantities import R2, Quantity
from nbsuite.cli.frame.examples import examples
from nbsuite.cli.tables.inputs import (
    RESULTS,
    check_any,
    columns_option,
    intervals_option,
    read_models,
    twins_option,
)
from nbsuite.cli.tables.rich_tables import choose_format, emit, table_options
from nbsuite.errors import UsageError
from nbsuite.submissions.results.columns import choose_columns, figures_of
from nbsuite.submissions.results.formats import Format, Table, chained
from nbsuite.submissions.results.model_results import ModelResults, by_task
from nbsuite.submissions.tables.published_tables import DEMAND, accuracy_table, demand_table

NUMBERS = ("1", "2")


@click.command(
    epilog=examples(
        "nbsuite table 1 results",
        "nbsuite table 1 results --intervals",
        "nbsuite table 2 results --format latex -o demand.tex",
        "nbsuite table 1 results/twins --twins",
    )
)
@click.argument("number", type=click.Choice(NUMBERS), metavar="1|2")
@click.argument("results", nargs=-1, required=True, type=RESULTS)
@columns_option()
@twins_option()
@intervals_option("Show the 95 % interval of each R2 in table 1.")
@table_options
def table(
    number: str,
    results: tuple[Path, ...],
    columns: str | None,
    twins: bool,
    intervals: bool,
    format_: Format | None,
    as_json: bool,
    output: Path | None,
) -> None:
    """Print a table of the publication from your results: 1 for R2, 2 for computational demand.

    RESULTS are folders, or files, of challenge-format results. Means are over all sessions of a
    task or are not given; the published baselines stand beside results on real recordings of the
    challenge. Results under a task of your own have a table of their own.
    """
    chosen = choose_format(format_, output, as_json=as_json)
    models = read_models(results, twins=twins)
    check_any(models, results, twins=twins)
    figures = None if columns is None else choose_columns(columns, figures_of(models))
    if intervals and (number != "1" or figures not in (None, [R2])):
        raise UsageError("Intervals are those of R2: show them with table 1, and no other figure.")
    tables = [
        _accuracy_table(each, figures, intervals=intervals)
        if number == "1"
        else demand_table(each, figures or DEMAND)
        for each in by_task(models).values()
    ]
    emit(chained(tables), chosen, output)


def _accuracy_table(
    models: Sequence[ModelResults], figures: Sequence[Quantity] | None, *, intervals: bool
) -> Table:
    """Table 1, of R2 or of the figure that is named.

    Raises:
        UsageError: several are.
    """
    figure, *others = figures or [R2]
    if others:
        raise UsageError(
            f"Table 1 has one figure by session, not {len(others) + 1}: name one with --columns, or"
            " print table 2."
        )
    return accuracy_table(models, figure, intervals=intervals)
