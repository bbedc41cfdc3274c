"""``nbsuite leaderboard``: published methods beside one's own results."""

from __future__ import annotations

from pathlib import Path

import click

from nbsuite.benchmarking.quantities import QUANTITIES
from nbsuite.cli.frame.examples import examples
from nbsuite.cli.frame.output import note
from nbsuite.cli.tables.inputs import RESULTS, read_models, twins_option
from nbsuite.cli.tables.rich_tables import choose_format, emit, table_options
from nbsuite.errors import UsageError
from nbsuite.submissions.results.formats import Format
from nbsuite.submissions.results.scores import SCORES
from nbsuite.submissions.tables.leaderboard import (
    MEAN,
    METHOD,
    own_entries,
    published_entries,
    rank,
)
from nbsuite.submissions.tables.leaderboard_table import leaderboard_table
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING


@click.command(
    epilog=examples(
        "nbsuite leaderboard",
        "nbsuite leaderboard results --sort acs --plot pareto.png",
        "nbsuite leaderboard results --session I1 --format latex -o leaderboard.tex",
        "nbsuite leaderboard results --score both",
        "nbsuite leaderboard results/twins --twins",
    )
)
@click.argument("results", nargs=-1, type=RESULTS)
@click.option(
    "--sort",
    type=click.Choice([*QUANTITIES, "score", METHOD]),
    help="Column to rank by, the better figure first.  [default: r2, or the score]",
)
@click.option(
    "--session",
    type=click.Choice([*(s.label for s in PRIMATE_REACHING.sessions), MEAN], case_sensitive=False),
    default=MEAN,
    show_default=True,
    help="Session to show, or the mean over all six.",
)
@click.option(
    "--score",
    "score_name",
    type=click.Choice(SCORES),
    help="Add a score: R2 less 0.05 for every factor of ten in operations, in footprint, or half"
    " of it for each of both. These are ours; the challenge's own was never published.",
)
@twins_option()
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw R2 against operations and footprint, and the Pareto front, into a .png or .svg.",
)
@table_options
def leaderboard(
    results: tuple[Path, ...],
    sort: str | None,
    session: str,
    score_name: str | None,
    twins: bool,
    plot: Path | None,
    format_: Format | None,
    as_json: bool,
    output: Path | None,
) -> None:
    """Rank your results among all that is published on the task.

    RESULTS are folders, or files, of challenge-format results. A model without all six sessions has
    no mean and so no rank among means. Results on twins never stand beside real ones.
    """
    chosen = choose_format(format_, output, as_json=as_json)
    if sort == "score" and score_name is None:
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
    own = own_entries(read_models(results, twins=twins))
    ranking = rank(
        own if twins else [*published_entries(), *own],
        session=session,
        sort=sort or ("r2" if score_name is None else "score"),
        score_name=score_name,
    )
    if plot is not None:
        from nbsuite.submissions.pictures.pareto import plot_leaderboard

        plot_leaderboard(plot, ranking)
    emit(leaderboard_table(ranking), chosen, output)
    if plot is not None:
        note(f"Wrote {plot}")
