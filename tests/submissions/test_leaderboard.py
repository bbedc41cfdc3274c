from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsuite.benchmarking.quantities import QUANTITIES
from nbsuite.errors import ResultsError, UsageError
from nbsuite.pictures import save_picture
from nbsuite.submissions.pictures.pareto import draw_leaderboard
from nbsuite.submissions.results.folder import read_results
from nbsuite.submissions.results.formats import records
from nbsuite.submissions.results.published import unranked_section
from nbsuite.submissions.results.scores import SCORES, formula, score
from nbsuite.submissions.tables.entries import MEAN, Entry, own_entries, published_entries
from nbsuite.submissions.tables.leaderboard import rank
from nbsuite.submissions.tables.leaderboard_table import leaderboard_table
from nbsuite.submissions.tables.pareto import pareto_front
from tests.submissions.results_files import NAMES, write_lists, write_six

PUBLISHED = 9


def _own(folder: Path, **changes: list[float]) -> list[Entry]:
    return own_entries(read_results(write_six(folder, **changes)).real)


def test_published_methods_in_order_of_accuracy() -> None:
    ranking = rank(published_entries())
    names = [row.entry.method for row in ranking.rows]
    assert names[:4] == ["GRU-t1", "AEGRU", "bigRSNN", "tinyRSNN"]
    assert [row.rank for row in ranking.rows] == list(range(1, PUBLISHED + 1))


@pytest.mark.parametrize(
    "sort", [key for key, each in QUANTITIES.items() if each.more_is_better is not None]
)
@pytest.mark.parametrize("session", ["mean", "I1"])
def test_every_column_ranks_the_better_figure_first(
    tmp_path: Path, sort: str, session: str
) -> None:
    ranking = rank([*published_entries(), *_own(tmp_path)], session=session, sort=sort)
    assert len(ranking.rows) == PUBLISHED + 1
    figures = [row.values[sort] for row in ranking.rows if sort in row.values]
    assert figures == sorted(figures, reverse=QUANTITIES[sort].more_is_better)
    assert [row.rank is None for row in ranking.rows] == sorted(
        sort not in row.values for row in ranking.rows
    )
    assert [row.rank for row in ranking.rows[: len(figures)]] == [
        1 + figures.index(figure) for figure in figures
    ]


def test_no_rate_is_better_than_another() -> None:
    with pytest.raises(UsageError, match="Nothing says whether more or less of 'execution_rate'"):
        rank(published_entries(), sort="execution_rate")


def test_methods_in_the_order_of_the_alphabet() -> None:
    names = [row.entry.method for row in rank(published_entries(), sort="method").rows]
    assert names == sorted(names, key=str.lower)


def test_ones_own_stand_among_the_published(tmp_path: Path) -> None:
    table = leaderboard_table(rank([*published_entries(), *_own(tmp_path, r2=[0.64, 0.66])]))
    rows = records(table)
    assert [row["method"] for row in rows].index("mine (yours)") == 4  # behind tinyRSNN's 0.660
    assert rows[4]["r2"] == pytest.approx(0.65)
    assert rows[4]["operations"] == 20.0
    assert rows[4]["seeds"] == 2
    assert rows[4]["source"] == str(tmp_path)
    assert {row["data"] for row in rows} == {"real"}


def test_without_all_sessions_there_is_no_rank_among_means(tmp_path: Path) -> None:
    write_lists(tmp_path, r2=[0.99, 0.99])
    own = own_entries(read_results(tmp_path).real)
    last = rank([*published_entries(), *own]).rows[-1]
    assert (last.entry.method, last.rank) == ("mine", None)
    assert "No results on I2, I3, L1, L2, L3" in last.entry.remarks[0].text
    assert rank([*published_entries(), *own], session="I1").rows[0].entry.method == "mine"


def test_twins_are_never_ranked_with_real_recordings(tmp_path: Path) -> None:
    write_six(tmp_path, suffix="-twin-seed1")
    twins = own_entries(read_results(tmp_path).twins)
    with pytest.raises(ValueError, match="cannot be ranked together"):
        rank([*published_entries(), *twins])
    table = leaderboard_table(rank(twins))
    assert table.title.startswith("TWINS")
    assert [row["data"] for row in records(table)] == ["TWIN"]
    assert "TWIN (twin-seed1)" in [cell.text for cell in table.rows[0]]


def test_sources_and_remarks_stand_below_the_table() -> None:
    table = leaderboard_table(rank(published_entries()))
    numbered = [note for note in table.notes if note.startswith("[")]
    assert [note.split()[0] for note in numbered] == [f"[{n + 1}]" for n in range(len(numbered))]
    notes = dict(note.split(" ", 1) for note in numbered)
    for entry, (*_, source, remarks) in zip(published_entries(), table.rows, strict=True):
        assert notes[source.text] == source.value == entry.source
        assert remarks.value == (" ".join(each.text for each in entry.remarks) or None)
        marks = remarks.text.split() if entry.remarks else []
        for remark, mark in zip(entry.remarks, marks, strict=True):
            methods, words = notes[mark].split(": ", 1)
            text, _, place = words.rpartition(" ")
            assert entry.method in methods.split(", ")
            assert (text, notes[place]) == (remark.text, remark.source)
    assert notes[table.rows[0][-1].text].startswith("GRU-t1, GRU-t2: Looks ahead")


def test_the_section_stands_below_the_ranking_of_means_alone(tmp_path: Path) -> None:
    published, own = published_entries(), _own(tmp_path)
    section = leaderboard_table(rank([*published, *own])).section
    assert section is not None
    rows = records(section)
    assert len(rows) == PUBLISHED
    assert not any("rank" in row for row in rows)
    for row in rows:
        assert row["remarks"].startswith(
            "split and seeds not confirmed; with filter: lookahead not stated"
        )
        assert row["r2_filtered"] > row["r2"]
        assert row["source"].endswith("arXiv 2312.15889")
    for mark in {mark for row in section.rows for mark in row[-1].text.split()}:
        assert sum(note.startswith(mark) for note in section.notes) == 1
    assert leaderboard_table(rank(published, session="I1")).section is None
    assert leaderboard_table(rank(own)).section is None


def test_scores_are_as_documented() -> None:
    values = {"r2": 0.7, "operations": 999.0, "footprint": 9_999.0}
    assert score("operations", values) == pytest.approx(0.7 - 0.05 * 3)
    assert score("footprint", values) == pytest.approx(0.7 - 0.05 * 4)
    assert score("both", values) == pytest.approx(0.7 - 0.025 * 3 - 0.025 * 4)
    assert score("both", {"r2": 0.7, "operations": 1.0}) is None
    document = (Path(__file__).parents[2] / "docs" / "results.md").read_text(encoding="utf-8")
    for name in SCORES:
        assert f"| `{name}` | {formula(name)} |" in document


def test_a_score_says_whose_it_is() -> None:
    table = leaderboard_table(rank(published_entries(), sort="score", score_name="both"))
    assert "Score (ours): both" in [column.heading for column in table.columns]
    assert any("never published" in note for note in table.notes)
    scores = [row["score"] for row in records(table)]
    assert scores == sorted(scores, reverse=True)


points = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6), st.none()), min_size=1, max_size=12
)


@given(points)
def test_the_pareto_front_is_what_nothing_dominates(points: list[tuple[int, int, None]]) -> None:
    def dominates(one: tuple[int, int, None], other: tuple[int, int, None]) -> bool:
        no_worse = one[0] <= other[0] and one[1] >= other[1]
        return no_worse and one[:2] != other[:2]

    expected = [p for p in points if not any(dominates(other, p) for other in points)]
    front = pareto_front(points)
    assert front == sorted(expected, key=lambda p: p[0])


def _texts(path: Path) -> list[str]:
    elements = ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")  # noqa: S314
    return ["".join(element.itertext()) for element in elements]


def test_the_picture_names_every_method_and_unit(tmp_path: Path) -> None:
    ranking = rank([*published_entries(), *_own(tmp_path / "results")])
    save_picture(tmp_path / "pareto.svg", draw_leaderboard(ranking))
    texts = _texts(tmp_path / "pareto.svg")
    for row in ranking.rows:
        assert texts.count(row.entry.method) == 2  # a panel each for operations and footprint
    assert {"footprint (bytes)", "test R²", "published", "yours"} <= set(texts)
    assert "effective operations per sample (MACs + ACs)" in texts
    assert any(text.startswith("Pareto front") for text in texts)
    assert not any("TWIN" in text for text in texts)
    unranked = {each.method for each in unranked_section().methods}
    assert (unranked & set(texts)) <= {row.entry.method for row in ranking.rows}


def test_the_picture_of_twins_says_so(tmp_path: Path) -> None:
    write_six(tmp_path, suffix="-twin-seed1", acs=[0.0, 0.0])  # and a silent network is drawn
    save_picture(
        tmp_path / "pareto.svg", draw_leaderboard(rank(own_entries(read_results(tmp_path).twins)))
    )
    texts = _texts(tmp_path / "pareto.svg")
    assert any(text.startswith("TWINS") for text in texts)
    assert "published" not in texts


def test_names_of_points_do_not_cover_each_other(tmp_path: Path) -> None:
    from matplotlib.text import Annotation

    from nbsuite.pictures import drawn
    from nbsuite.submissions.results.label_places import label_points

    with drawn((6.0, 4.0)) as figure:
        axes = figure.subplots()
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        label_points(axes, [(0.5, 0.5 + 0.04 * n, f"point {n}", "black") for n in range(4)])
        boxes = [
            child.get_window_extent()
            for child in axes.get_children()
            if isinstance(child, Annotation)
        ]
    assert len(boxes) == 4
    for number, box in enumerate(boxes):
        for other in boxes[number + 1 :]:
            across = min(box.x1, other.x1) - max(box.x0, other.x0)
            up = min(box.y1, other.y1) - max(box.y0, other.y0)
            assert min(across, up) < 1.0


def test_a_crowd_is_drawn_with_the_names_of_the_front_and_the_published(tmp_path: Path) -> None:
    values = {"r2": 0.1, "operations": 1e15, "footprint": 1e15}
    crowd = [Entry(f"$crowd {n}\x1b", 1, "x", {MEAN: values}, False) for n in range(300)]
    best = Entry("$best$", 1, "x", {MEAN: {**values, "r2": 1.0, "operations": 0.0}}, False)
    published = published_entries()
    save_picture(tmp_path / "pareto.svg", draw_leaderboard(rank([*published, *crowd, best])))
    texts = _texts(tmp_path / "pareto.svg")
    assert all(entry.method in texts for entry in published)
    assert texts.count("$best$") == 2
    assert not any("crowd" in text for text in texts)


def test_an_empty_picture_is_refused(tmp_path: Path) -> None:
    write_lists(tmp_path, recording=NAMES[0])
    ranking = rank(own_entries(read_results(tmp_path).real), session="L3")
    with pytest.raises(ResultsError, match="no method has R2 and costs on session L3"):
        draw_leaderboard(ranking)
