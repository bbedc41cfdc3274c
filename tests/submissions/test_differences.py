"""Which decoders are compared, which of two answers decides, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from scipy import stats

from nbsuite.errors import UsageError
from nbsuite.statistics.intervals import session_interval
from nbsuite.submissions.results.decoder_groups import (
    MOST_DECODERS,
    compare_decoders,
    compare_namesakes,
)
from nbsuite.submissions.results.decoders import decoders_of
from nbsuite.submissions.results.differences import (
    Difference,
    all_pairs,
    differences,
)
from nbsuite.submissions.results.folder import read_results
from nbsuite.submissions.results.formats import records
from nbsuite.submissions.results.model_results import ModelResults
from nbsuite.submissions.tables.differences_table import differences_table
from nbsuite.submissions.tables.significance import explanations, sentence
from tests.submissions.results_files import NAMES, write_measured, write_own_task, write_six


def _models(folder: Path, sessions: int = 6, **noise: float) -> list[ModelResults]:
    for model, amount in noise.items():
        write_measured(folder, model, NAMES[:sessions], noise=amount)
    return read_results(folder).real


def _one(models: list[ModelResults]) -> Difference:
    [compared] = compare_decoders(models)
    [difference] = compared.differences
    return difference


def test_six_sessions_decide_by_wilcoxon(tmp_path: Path) -> None:
    models = _models(tmp_path, good=0.2, poor=0.8)
    difference = _one(models)
    assert (difference.first.name, difference.second.name) == ("good", "poor")
    assert difference.decisive is difference.over_sessions
    assert difference.decisive is not None
    told = difference.decisive.comparison
    pairs = [
        (difference.first.r2[each], difference.second.r2[each]) for each in difference.first.r2
    ]
    expected = stats.wilcoxon(*zip(*pairs, strict=True)).pvalue
    assert told.p_value == difference.decisive.corrected == pytest.approx(expected)
    assert told.pairs == 6
    assert sentence(difference).startswith("good decodes better than poor: +0.")
    assert "p = 0.031" in sentence(difference)
    assert "Of six sessions the smallest p is 0.031." in explanations([difference], twin=False)


def test_five_sessions_decide_on_their_recordings_alone(tmp_path: Path) -> None:
    difference = _one(_models(tmp_path, 5, good=0.2, poor=0.8))
    assert difference.over_sessions is not None
    assert not difference.over_sessions.significant
    assert difference.decisive is difference.on_recordings
    said = sentence(difference)
    assert "good decodes better than poor on these recordings" in said
    assert "Of other sessions this says nothing." in said
    [limit] = [each for each in explanations([difference], twin=False) if "smallest p" in each]
    assert "smallest p is 0.062: whatever the difference" in limit


def test_equal_decoders_differ_in_nothing_that_can_be_claimed(tmp_path: Path) -> None:
    difference = _one(_models(tmp_path, one=0.5, other=0.5))
    assert sentence(difference).startswith("No difference can be claimed between")


def test_several_comparisons_are_corrected_and_put_six_sessions_out_of_reach(
    tmp_path: Path,
) -> None:
    models = _models(tmp_path, good=0.2, fair=0.5, poor=0.8)
    [compared] = compare_decoders(models)
    assert [(each.first.name, each.second.name) for each in compared.differences] == [
        ("good", "fair"),
        ("fair", "poor"),
        ("good", "poor"),
    ]
    for each in compared.differences:
        assert each.over_sessions is not None
        assert each.over_sessions.attainable == pytest.approx(3 / 32)
        assert each.over_sessions.corrected >= 3 / 32
        assert each.decisive is each.on_recordings
    notes = " ".join(explanations(compared.differences, twin=False))
    assert "corrected for 3 comparisons by Holm" in notes
    assert "smallest p is 0.031, corrected 0.094: whatever the difference" in notes


def test_all_are_compared_with_the_one_named(tmp_path: Path) -> None:
    models = _models(tmp_path, good=0.2, fair=0.5, poor=0.8)
    [compared] = compare_decoders(models, "fair")
    assert [each.first.name for each in compared.differences] == ["good", "poor"]
    assert {each.second.name for each in compared.differences} == {"fair"}
    worse = compared.differences[1]
    assert sentence(worse).startswith("poor decodes worse than fair on these recordings: -0.")
    with pytest.raises(UsageError, match=r"No decoder is called 'fare'.*fair"):
        compare_decoders(models, "fare")


def test_tasks_and_twins_are_never_pooled(tmp_path: Path) -> None:
    _models(tmp_path, mine=0.3)
    write_own_task(tmp_path, "GRU")
    write_measured(tmp_path, "other", suffix="-twin-seed1")
    write_measured(tmp_path, "mine", suffix="-twin-seed2")
    models = read_results(tmp_path).models
    assert len(models) == 4
    with pytest.raises(UsageError, match="No two decoders"):
        compare_decoders(models)


def test_figures_on_twins_say_so(tmp_path: Path) -> None:
    for model, noise in (("good", 0.2), ("poor", 0.8)):
        write_measured(tmp_path, model, NAMES[:2], noise, suffix="-twin-seed1")
    [compared] = compare_decoders(read_results(tmp_path).twins)
    assert compared.twin == "twin-seed1"
    table = differences_table(compared.differences, twin=True)
    assert table.title.startswith("TWINS")
    assert {row["data"] for row in records(table)} == {"TWIN"}
    assert "TWINS, which say nothing of a brain" in table.notes[-1]


def test_too_many_pairs_are_refused(tmp_path: Path) -> None:
    write_six(tmp_path)
    [model] = read_results(tmp_path).real
    models = [replace(model, model=f"m{number}") for number in range(MOST_DECODERS + 1)]
    with pytest.raises(UsageError, match=r"13 decoders make 78 pairs.*--against"):
        compare_decoders(models)
    assert len(compare_decoders(models, "m1")[0].differences) == MOST_DECODERS


def test_without_errors_reach_by_reach_sessions_alone_are_compared(tmp_path: Path) -> None:
    write_six(tmp_path)
    difference = _one(_models(tmp_path, measured=0.3))
    assert difference.over_sessions is not None
    assert difference.on_recordings is None


def test_what_cannot_be_told_says_what_to_do(tmp_path: Path) -> None:
    old = decoders_of(_models(tmp_path, 1, one=0.3, other=0.5))
    [difference] = differences(all_pairs([replace(each, blocks={}) for each in old]))
    assert difference.decisive is None
    assert "measure both again with `nbsuite benchmark --force`" in sentence(difference)


def test_namesakes_of_old_and_new_results(tmp_path: Path) -> None:
    _models(tmp_path / "old", 2, mine=0.5, other=0.5)
    _models(tmp_path / "new", 2, mine=0.2, third=0.2)
    old, new = read_results(tmp_path / "old"), read_results(tmp_path / "new")
    [compared] = compare_namesakes(old, new)
    [difference] = compared.differences
    assert (difference.first.name, difference.second.name) == ("mine (new)", "mine (old)")
    assert difference.decisive is not None
    assert difference.decisive.comparison.difference > 0


def test_an_interval_is_over_reaches_on_one_session_and_over_sessions_on_several(
    tmp_path: Path,
) -> None:
    [decoder] = decoders_of(_models(tmp_path, mine=0.5))
    assert decoder.on(["I1"]).interval() == session_interval(decoder.blocks["I1"])
    values = list(decoder.r2.values())
    due = stats.t.interval(0.95, 5, decoder.mean, stats.sem(values))
    found = decoder.interval()
    assert found is not None
    assert (found.low, found.high) == pytest.approx(due)
    assert replace(decoder, blocks={}).on(["I1"]).interval() is None
