"""What a report says of results: the models, both tables of the publication, the leaderboard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nbsuite.benchmarking.quantities import ACTIVATION_SPARSITY, FOOTPRINT, OPERATIONS, R2
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
from nbsuite.submissions.results.folder import ModelResults
from nbsuite.submissions.results.formats import EMPTY, Cell, Column, Table, text_cell
from nbsuite.submissions.tables.leaderboard import (
    MEAN,
    Entry,
    Ranking,
    own_entries,
    published_entries,
    rank,
)
from nbsuite.submissions.tables.leaderboard_table import leaderboard_table
from nbsuite.submissions.tables.pareto import pareto_front
from nbsuite.submissions.tables.published_tables import accuracy_table, demand_table
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING

_SUMMARISED = (R2, FOOTPRINT, ACTIVATION_SPARSITY, OPERATIONS)


def summary_section(models: Sequence[ModelResults]) -> Section:
    """One row a model and kind of data.

    Args:
        models: results on real recordings and on twins; at least one.
    """
    columns = [
        Column("model", "Model", figures=False),
        Column("data", "Data", figures=False),
        Column("sessions", "Sessions", figures=False),
        Column("seeds", "Seeds"),
        *(Column(each.key, each.heading) for each in _SUMMARISED),
        Column("rank", "Rank by R2"),
        Column("origin", "Read from", figures=False),
    ]
    rows = [
        row
        for twin in (False, True)
        for row in _summary_rows([each for each in models if (each.twin is not None) is twin])
    ]
    notes = [
        "Figures are means over all six sessions, or are not given.",
        "Rank by R2: among these models and all published methods; on TWINS, among these alone.",
    ]
    table = Table("Means of each model", columns, rows, notes)
    data = Data.among([each.twin is not None for each in models])
    return Section("summary", "Summary", [PageTable(table, data, ("model",))])


def _summary_rows(models: Sequence[ModelResults]) -> Iterator[list[Cell]]:
    """Rows of models all on real recordings or all on twins."""
    entries = own_entries(models)
    ranking = _ranking(entries, MEAN)
    for model, entry in zip(models, entries, strict=True):
        values = entry.values.get(MEAN, {})
        place = next(row.rank for row in ranking.rows if row.entry is entry)
        ranked = sum(row.rank is not None for row in ranking.rows)
        yield [
            text_cell(entry.method),
            text_cell("real" if model.twin is None else f"TWIN ({model.twin})"),
            text_cell(", ".join(model.sessions) if model.missing else "all six"),
            EMPTY if entry.seeds is None else Cell(str(entry.seeds), entry.seeds),
            *(Cell(each.text(values.get(each.key)), values.get(each.key)) for each in _SUMMARISED),
            EMPTY if place is None else Cell(f"{place} of {ranked}", place),
            text_cell(entry.source),
        ]


def results_section(models: Sequence[ModelResults], *, twin: bool) -> Section:
    """Tables and pictures of results that are all on real recordings or all on twins."""
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
        PageTable(accuracy_table(models), data, ("session",)),
        Heading("Computational demand"),
        PageTable(demand_table(models), data, ("model", "session")),
    ]
    entries = own_entries(models)
    for place in _places(entries):
        blocks += _leaderboard(_ranking(entries, place), data)
    name, heading = (
        ("twins", "Results on TWINS") if twin else ("real", "Results on real recordings")
    )
    return Section(name, heading, blocks)


def _places(entries: Sequence[Entry]) -> list[str]:
    """What to rank on: means, or the sessions there are where no model has all six."""
    if any(MEAN in entry.values for entry in entries):
        return [MEAN]
    known = {session for entry in entries for session in entry.values}
    return [session.label for session in PRIMATE_REACHING.sessions if session.label in known]


def _ranking(entries: Sequence[Entry], place: str) -> Ranking:
    """One's own among the published, which never stand beside twins."""
    twin = any(entry.twin is not None for entry in entries)
    return rank([*([] if twin else published_entries()), *entries], session=place)


def _leaderboard(ranking: Ranking, data: Data) -> Iterator[Block]:
    from nbsuite.submissions.pictures.pareto import plot_leaderboard  # matplotlib takes a second

    where = "means over six sessions" if ranking.session == MEAN else f"session {ranking.session}"
    yield Heading(f"Leaderboard: {where}")
    table = leaderboard_table(ranking)
    yield PageTable(table, data, ("method",))
    name = f"pareto-{'twins' if ranking.twin else 'real'}-{ranking.session}"
    yield PageFigure(
        draw_picture(name, lambda path: plot_leaderboard(path, ranking)),
        f"R2 against effective operations per sample and against footprint, {where}; up and to the"
        " left is better. Costs are on a logarithmic scale.",
        f"Two scatter plots of R2 against cost, {where}. {_fronts(ranking)}"
        " All values stand in the table of the leaderboard.",
        data,
    )
    if table.section is not None:
        yield PageTable(table.section, data, ("method",))


def _fronts(ranking: Ranking) -> str:
    """The picture's message in words."""
    sentences = []
    for cost in (OPERATIONS, FOOTPRINT):
        points = [
            (row.values[cost.key], row.values["r2"], row.entry.method)
            for row in ranking.rows
            if "r2" in row.values and cost.key in row.values
        ]
        names = ", ".join(method for _, _, method in pareto_front(points))
        sentences.append(f"No other is better in both R2 and {cost.heading.lower()} than: {names}.")
    return " ".join(sentences)
