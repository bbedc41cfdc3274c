"""What a report says of results: the models, both tables of the publication, the leaderboard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nbsuite.benchmarking.quantities import (
    ACTIVATION_SPARSITY,
    FOOTPRINT,
    OPERATIONS,
    R2,
    Quantity,
    Values,
)
from nbsuite.submissions.report.page import (
    Block,
    Data,
    Heading,
    PageFigure,
    PageTable,
    Paragraph,
    Section,
)
from nbsuite.submissions.report.pictures import draw_picture
from nbsuite.submissions.results.formats import EMPTY, Cell, Column, Table, text_cell
from nbsuite.submissions.results.model_results import ModelResults, by_task
from nbsuite.submissions.results.protocols import (
    CHALLENGE_TASK,
    number_word,
    task_heading,
)
from nbsuite.submissions.tables.against import decoder_interval
from nbsuite.submissions.tables.entries import MEAN, Entry, own_entries, published_entries
from nbsuite.submissions.tables.intervals import (
    HEADING,
    OF_MEAN,
    OF_SESSION,
    interval_cell,
    interval_notes,
)
from nbsuite.submissions.tables.leaderboard import Ranking, rank
from nbsuite.submissions.tables.leaderboard_table import USUAL, leaderboard_table
from nbsuite.submissions.tables.pareto import pareto_front
from nbsuite.submissions.tables.published_tables import DEMAND, accuracy_table, demand_table
from nbsuite.twin_labels import kinds_of, with_variant

_SUMMARISED = (FOOTPRINT, ACTIVATION_SPARSITY, OPERATIONS)


def summary_section(models: Sequence[ModelResults]) -> Section:
    """One row a model and kind of data, in a table a task.

    Args:
        models: results on real recordings and on twins; at least one.
    """
    tables = [_summary_table(task, each) for task, each in by_task(models).items()]
    return Section("summary", "Summary", tables)


def _summary_table(task: str, models: Sequence[ModelResults]) -> PageTable:
    columns = [
        Column("model", "Model", figures=False),
        Column("data", "Data", figures=False),
        Column("sessions", "Sessions", figures=False),
        Column("seeds", "Seeds"),
        Column(R2.key, R2.heading),
        Column("r2_interval", HEADING),
        *(Column(each.key, each.heading) for each in _SUMMARISED),
        Column("rank", "Rank by R2"),
        Column("origin", "Read from", figures=False),
    ]
    rows = [
        row
        for twin in (False, True)
        for row in _summary_rows([each for each in models if (each.twin is not None) is twin])
    ]
    ranked = "Rank by R2: among these models"
    if task == CHALLENGE_TASK:
        ranked += " and all published methods; on TWINS, among these alone"
    notes = ["Figures are means over all sessions of the task, or are not given.", f"{ranked}."]
    notes += interval_notes([len(models[0].reported)], missing=False, sign=HEADING)
    of_task = "" if task == CHALLENGE_TASK else f": {task_heading(task)}"
    table = Table(f"Means of each model{of_task}", columns, rows, notes)
    return PageTable(table, Data.among([each.twin is not None for each in models]), ("model",))


def _summary_rows(models: Sequence[ModelResults]) -> Iterator[list[Cell]]:
    """Rows of models under one task, all on real recordings or all on twins."""
    if not models:
        return
    entries = own_entries(models)
    ranking = _ranking(entries, MEAN)
    for model, entry in zip(models, entries, strict=True):
        values = entry.values.get(MEAN, {})
        row = next(row for row in ranking.rows if row.entry is entry)
        ranked = sum(row.rank is not None for row in ranking.rows)
        yield [
            text_cell(entry.method),
            text_cell(with_variant(model.twin)),
            text_cell(", ".join(model.sessions) if model.missing else _all(model.reported)),
            EMPTY if entry.seeds is None else Cell(str(entry.seeds), entry.seeds),
            _figure(R2, values),
            interval_cell(decoder_interval(ranking, row)),
            *(_figure(each, values) for each in _SUMMARISED),
            EMPTY if row.rank is None else Cell(f"{row.rank} of {ranked}", row.rank),
            text_cell(entry.source),
        ]


def _figure(figure: Quantity, values: Values) -> Cell:
    return Cell(figure.text(values.get(figure.key)), values.get(figure.key))


def _all(sessions: Sequence[str]) -> str:
    return sessions[0] if len(sessions) == 1 else f"all {number_word(len(sessions))}"


def results_section(
    models: Sequence[ModelResults],
    *,
    twin: bool,
    name: str,
    figures: Sequence[Quantity] | None = None,
) -> Section:
    """Tables and pictures of results under one task, all on real recordings or all on twins.

    Args:
        models: the results.
        twin: which of the two.
        name: the section's address within the page.
        figures: the figures to show in place of the usual ones.
    """
    data = Data.of(twin=twin)
    blocks: list[Block] = []
    if twin:
        blocks.append(
            Paragraph(
                "TWINS are synthetic recordings that follow published statistics of the real ones."
                " Footprint and dense operations on them hold for real recordings as well; R2,"
                " sparsity of activations and effective operations do not, and compare with nothing"
                " measured on a brain."
            )
        )
    blocks += [
        Heading("R2 by session"),
        PageTable(accuracy_table(models, intervals=True), data, ("session",)),
        Heading("Computational demand" if figures is None else "Figures by session"),
        PageTable(demand_table(models, figures or DEMAND), data, ("model", "session")),
    ]
    entries = own_entries(models)
    for number, place in enumerate(_places(models, entries)):
        picture = f"pareto-{name}-{number}"
        blocks += _leaderboard(picture, _ranking(entries, place), data, figures or USUAL)
    heading = f"Results on {kinds_of(twins=twin)}"
    if models[0].task != CHALLENGE_TASK:
        heading += f": {task_heading(models[0].task)}"
    return Section(name, heading, blocks)


def _places(models: Sequence[ModelResults], entries: Sequence[Entry]) -> list[str]:
    """What to rank on: means, or the sessions there are where no model has all of them."""
    if any(MEAN in entry.values for entry in entries):
        return [MEAN]
    known = {session for entry in entries for session in entry.values}
    return [session for session in models[0].reported if session in known]


def _ranking(entries: Sequence[Entry], place: str) -> Ranking:
    """One's own among the published, which never stand beside twins or under another task."""
    alone = any(entry.twin is not None or entry.task != CHALLENGE_TASK for entry in entries)
    return rank([*([] if alone else published_entries()), *entries], session=place)


def _leaderboard(
    name: str, ranking: Ranking, data: Data, figures: Sequence[Quantity]
) -> Iterator[Block]:
    from nbsuite.submissions.pictures.pareto import draw_leaderboard  # matplotlib takes a second

    where = ranking.place
    yield Heading(f"Leaderboard: {where}")
    table = leaderboard_table(ranking, figures, intervals=True)
    yield PageTable(table, data, ("method",))
    yield PageFigure(
        draw_picture(name, lambda: draw_leaderboard(ranking, intervals=True)),
        f"R2 against effective operations per sample and against footprint, {where}; up and to the"
        f" left is better. Costs are on a logarithmic scale.{_bars(ranking)}",
        f"Two scatter plots of R2 against cost, {where}. {_fronts(ranking)}"
        " All values stand in the table of the leaderboard.",
        data,
    )
    if table.section is not None:
        yield PageTable(table.section, data, ("method",))


def _bars(ranking: Ranking) -> str:
    """What the bars of the picture are; nothing where there are none."""
    if all(decoder_interval(ranking, row) is None for row in ranking.rows):
        return ""
    about = OF_MEAN if len(ranking.measured_on) > 1 else OF_SESSION
    return (
        f" Bars are 95 % intervals of R2 {about}; methods without one do not tell what it takes."
        " Two whose bars overlap may differ all the same: the table says which do."
    )


def _fronts(ranking: Ranking) -> str:
    """The picture's message in words."""
    sentences = []
    for cost in (OPERATIONS, FOOTPRINT):
        points = [
            (row.values[cost.key], row.values[R2.key], row.entry.method)
            for row in ranking.rows
            if R2.key in row.values and cost.key in row.values
        ]
        names = ", ".join(method for _, _, method in pareto_front(points))
        sentences.append(f"No other is better in both R2 and {cost.heading.lower()} than: {names}.")
    return " ".join(sentences)
