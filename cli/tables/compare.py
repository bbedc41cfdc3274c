"""``nbsuite compare``: whether new results are worse than old ones."""

from __future__ import annotations

from pathlib import Path

import click

from nbsuite.benchmarking.quantities import CHALLENGE
from nbsuite.cli.frame.examples import examples
from nbsuite.cli.tables.inputs import RESULTS, columns_option
from nbsuite.cli.tables.rich_tables import choose_format, emit, table_options
from nbsuite.errors import ResultsError
from nbsuite.submissions.results.changes import Change, Comparison, Verdict
from nbsuite.submissions.results.compare import compare_results
from nbsuite.submissions.results.formats import Format
from nbsuite.submissions.results.tolerances import parse_tolerances
from nbsuite.submissions.tables.comparison import comparison_table

_DEFAULTS = ", ".join(f"{each.key}={each.tolerance}" for each in CHALLENGE)


@click.command(
    epilog=examples(
        "nbsuite compare baseline results",
        "nbsuite compare baseline results --tolerance r2=0.01 --tolerance acs=5%",
        "nbsuite compare old/results_tinyRSNN_indy_20160622_01.json new.json --json",
    )
)
@click.argument("old", type=RESULTS)
@click.argument("new", type=RESULTS)
@click.option(
    "--tolerance",
    "tolerances",
    multiple=True,
    metavar="METRIC=AMOUNT",
    help="How much worse a metric's mean may be, in its unit or in percent of the old one; may be"
    f" repeated.  [default: {_DEFAULTS}]",
)
@columns_option()
@table_options
def compare(
    old: Path,
    new: Path,
    tolerances: tuple[str, ...],
    columns: str | None,
    format_: Format | None,
    as_json: bool,
    output: Path | None,
) -> None:
    """Compare results OLD and NEW metric by metric, and fail if anything is worse or gone.

    OLD and NEW are two folders of challenge-format results, whose files belong together by name,
    or two files. R2 and sparsities are better when larger, all else when smaller. The exit status
    is 1 if a metric is worse by more than its tolerance, or results of OLD are missing in NEW.
    """
    chosen = choose_format(format_, output, as_json=as_json)
    comparison = compare_results(old, new, parse_tolerances(tolerances), columns)
    emit(comparison_table(comparison), chosen, output)
    if comparison.regressions:
        raise ResultsError(_failure(comparison, new))


def _failure(comparison: Comparison, new: Path) -> str:
    parts = list(map(_told, comparison.regressions))
    more = f", and {len(parts) - 3} more" if len(parts) > 3 else ""
    return (
        f"{new} is worse than before: {'; '.join(parts[:3])}{more}; mend it, or allow for it"
        " with --tolerance."
    )


def _told(change: Change) -> str:
    what = change.results
    if change.figure is not None:
        what = f"{change.figure.key} of {change.results}"
    if change.verdict is Verdict.MISSING:
        return f"{what} is missing"
    return f"{what} went from {change.old:.6g} to {change.new:.6g}"
