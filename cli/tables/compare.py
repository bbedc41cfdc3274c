"""``nbsuite compare``: whether results are worse than old ones, or one decoder than another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from nbsuite.benchmarking.quantities import CHALLENGE
from nbsuite.cli.frame.examples import examples
from nbsuite.cli.tables.inputs import (
    RESULTS,
    check_any,
    columns_option,
    read_models,
    twins_option,
)
from nbsuite.cli.tables.rich_tables import choose_format, emit, table_options
from nbsuite.errors import ResultsError, UsageError
from nbsuite.submissions.results.changes import Change, Comparison, Verdict
from nbsuite.submissions.results.compare import compare_results
from nbsuite.submissions.results.decoder_groups import (
    Compared,
    compare_decoders,
    compare_namesakes,
)
from nbsuite.submissions.results.folder import read_results
from nbsuite.submissions.results.formats import Format, Table, chained
from nbsuite.submissions.results.tolerances import parse_tolerances
from nbsuite.submissions.tables.comparison import comparison_table
from nbsuite.submissions.tables.differences_table import differences_table
from nbsuite.submissions.tables.significance import UNKNOWN

_DEFAULTS = ", ".join(f"{each.key}={each.tolerance}" for each in CHALLENGE)


@click.command(
    epilog=examples(
        "nbsuite compare baseline results",
        "nbsuite compare baseline results --tolerance r2=0.01 --tolerance acs=5%",
        "nbsuite compare old/results_tinyRSNN_indy_20160622_01.json new.json --json",
        "nbsuite compare --decoders results",
        "nbsuite compare --against ridge results others",
    )
)
@click.argument("results", nargs=-1, required=True, type=RESULTS, metavar="OLD NEW | RESULTS...")
@click.option(
    "--decoders",
    is_flag=True,
    help="Compare the decoders in RESULTS with each other: which have the higher R2, and whether"
    " significantly.",
)
@click.option(
    "--against",
    "reference",
    metavar="DECODER",
    help="Compare all other decoders in RESULTS with this one; implies --decoders.",
)
@twins_option()
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
    results: tuple[Path, ...],
    decoders: bool,
    reference: str | None,
    twins: bool,
    tolerances: tuple[str, ...],
    columns: str | None,
    format_: Format | None,
    as_json: bool,
    output: Path | None,
) -> None:
    """Compare results OLD and NEW metric by metric, or decoders with each other.

    OLD and NEW are two folders of challenge-format results, whose files belong together by name,
    or two files. R2 and sparsities are better when larger, all else when smaller. The exit status
    is 1 if a metric is worse by more than its tolerance, or results of OLD are missing in NEW.

    Where results tell their errors reach by reach, or are on several sessions, a second table says
    whether R2 differs significantly. With --decoders it stands alone, on the decoders in RESULTS.
    """
    chosen = choose_format(format_, output, as_json=as_json)
    if decoders or reference is not None:
        if tolerances or columns is not None:
            raise UsageError(
                "--decoders compares R2 of decoders: --tolerance and --columns are for old and new"
                " results; leave them out."
            )
        models = read_models(results, twins=twins, any_recording=True)
        check_any(models, results, twins=twins)
        compared = compare_decoders(models, reference)
        if not any(map(_is_told, compared)):
            raise ResultsError(f"Whether these decoders differ {UNKNOWN}")
        emit(_tables(compared), chosen, output)
        return
    if len(results) != 2:
        raise UsageError(
            f"Name two folders or files, the old results and the new ones, not {len(results)}; or"
            " compare decoders with each other by --decoders."
        )
    if twins:
        raise UsageError(
            "--twins goes with --decoders: old and new results are compared on what they are on."
        )
    old, new = results
    comparison = compare_results(old, new, parse_tolerances(tolerances), columns)
    table = comparison_table(comparison)
    folders = [read_results(each, any_recording=True) for each in results]
    found = [] if columns else compare_namesakes(*folders)
    if any(map(_is_told, found)):
        table = chained([table, _tables(found)])
    elif found:
        note = f"Whether R2 differs significantly {UNKNOWN}"
        table = replace(table, notes=[*table.notes, note])
    emit(table, chosen, output)
    if comparison.regressions:
        raise ResultsError(_failure(comparison, new))


def _is_told(compared: Compared) -> bool:
    """Whether anything is known of any difference."""
    return any(each.decisive is not None for each in compared.differences)


def _tables(found: Sequence[Compared]) -> Table:
    return chained(
        [
            differences_table(each.differences, twin=each.twin is not None, task=each.task)
            for each in found
            if _is_told(each)
        ]
    )


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
