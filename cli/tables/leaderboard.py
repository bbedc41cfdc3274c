"""``nbsuite leaderboard``: published methods beside one's own results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from nbsuite.benchmarking.quantities import R2, Quantity
from nbsuite.cli.frame.examples import examples
from nbsuite.cli.frame.output import note
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
from nbsuite.submissions.results.formats import Format, chained
from nbsuite.submissions.results.scores import SCORE, SCORES
from nbsuite.submissions.tables.against import require_method
from nbsuite.submissions.tables.entries import MEAN
from nbsuite.submissions.tables.leaderboard import METHOD, Ranking, rankings
from nbsuite.submissions.tables.leaderboard_table import USUAL, leaderboard_table


@click.command(
    epilog=examples(
        "nbsuite leaderboard",
        "nbsuite leaderboard results --sort acs --plot pareto.png",
        "nbsuite leaderboard results --session I1 --format latex -o leaderboard.tex",
        "nbsuite leaderboard results --score both",
        "nbsuite leaderboard results --against tinyRSNN",
        "nbsuite leaderboard results/twins --twins",
    )
)
@click.argument("results", nargs=-1, type=RESULTS)
@click.option(
    "--sort",
    metavar="NAME",
    help="Figure to rank by, the better one first: r2, acs, mse, ..., the score, or the method's"
    " name.  [default: r2, or the score]",
)
@click.option(
    "--session",
    default=MEAN,
    show_default=True,
    metavar="NAME",
    help="Session to show, such as I1 or a recording of your own, or the mean over all of a task.",
)
@click.option(
    "--score",
    "score_name",
    type=click.Choice(SCORES),
    help="Add a score: R2 less 0.05 for every factor of ten in operations, in footprint, or half"
    " of it for each of both. These are ours; the challenge's own was never published.",
)
@columns_option()
@twins_option()
@intervals_option(
    "Add the 95 % interval of each R2, and whether yours differ significantly from the best that"
    " can be compared; --plot draws the intervals."
)
@click.option(
    "--against",
    "reference",
    metavar="METHOD",
    help="The method to compare yours with, by its name in the table; implies --intervals.",
)
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw R2 against operations and footprint, and the Pareto front, into a .png, .svg or"
    " .pdf.",
)
@table_options
def leaderboard(
    results: tuple[Path, ...],
    sort: str | None,
    session: str,
    score_name: str | None,
    columns: str | None,
    twins: bool,
    intervals: bool,
    reference: str | None,
    plot: Path | None,
    format_: Format | None,
    as_json: bool,
    output: Path | None,
) -> None:
    """Rank your results among all that is published on the task.

    RESULTS are folders, or files, of challenge-format results. A model without all sessions of its
    task has no mean and so no rank among means. Results on twins never stand beside real ones, and
    those under a task of your own stand below, in a ranking of that task.
    """
    chosen = choose_format(format_, output, as_json=as_json)
    if sort == SCORE and score_name is None:
        raise UsageError(
            f"There is no score to sort by; name one with --score: {', '.join(SCORES)}."
        )
    if plot is not None:
        from nbsuite.pictures import check_format

        check_format(plot)
    if twins and not results:
        raise UsageError(
            "No twin was ever published; name a folder of results to show with --twins."
        )
    models = read_models(results, twins=twins)
    if twins:  # with which nothing published stands
        check_any(models, results, twins=True)
    figures = None if columns is None else choose_columns(columns, figures_of(models))
    by: str | Quantity = sort or (R2.key if score_name is None else SCORE)
    if by not in (SCORE, METHOD):
        by = choose_columns(str(by), figures_of(models))[0]
    found = rankings(models, twins=twins, session=session, sort=by, score_name=score_name)
    if reference is not None:
        intervals = True
        require_method(found, reference)
    tables = [
        leaderboard_table(each, figures or USUAL, intervals=intervals, reference=reference)
        for each in found
    ]
    pictures = [] if plot is None else _draw(plot, found, intervals=intervals)
    emit(chained(tables), chosen, output)
    for picture in pictures:
        note(f"Wrote {picture}")


def _draw(plot: Path, found: Sequence[Ranking], *, intervals: bool) -> list[Path]:
    """A picture a task: the first takes the name given, the others add their tasks to it.

    Raises:
        ResultsError: there is nothing to draw for the first.
    """
    from nbsuite.pictures import save_picture
    from nbsuite.submissions.pictures.pareto import draw_leaderboard, is_drawable

    paths: list[Path] = []
    for ranking in found:
        if paths and not is_drawable(ranking):
            note(f"Note: {ranking.task} has no picture, since no method has {ranking.place}.")
            continue
        task = ranking.task.replace("/", "-")
        paths.append(plot.with_stem(f"{plot.stem}_{task}") if paths else plot)
        save_picture(paths[-1], draw_leaderboard(ranking, intervals=intervals))
    return paths
