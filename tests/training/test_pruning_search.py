"""The search for the sparsest decoder that decodes as well."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsuite.training.pruning_rules import PruningTrial, most_trials
from nbsuite.training.pruning_search import PruningSearch
from nbsuite.training.recipe import PruningRecipe

CLEAN = PruningRecipe(rule="clean")


def _run(
    r2_at: Callable[[float], float], recipe: PruningRecipe = CLEAN, unpruned: float = 0.7
) -> PruningSearch:
    search = PruningSearch(recipe, unpruned)
    while (level := search.next_level) is not None:
        # A run that is stopped here and goes on from its file takes the same way.
        stored = json.loads(json.dumps(search.to_json()))
        search = PruningSearch.from_json(stored, search.recipe).report(r2_at(level))
        assert len(search.trials) <= most_trials(search.recipe)
    assert search.finished
    return search


def _breaks_above(limit: float) -> Callable[[float], float]:
    return lambda level: 0.69 if level <= limit else 0.5


@pytest.mark.parametrize(
    ("limit", "levels", "accepted"),
    [
        (0.99, [0.4, 0.5, 0.6, 0.7, 0.8], 0.8),
        (0.70, [0.4, 0.5, 0.6, 0.7, 0.8, 0.75], 0.7),
        (0.75, [0.4, 0.5, 0.6, 0.7, 0.8, 0.75], 0.75),
        (0.52, [0.4, 0.5, 0.6, 0.55], 0.5),
        (0.45, [0.4, 0.5, 0.45], 0.45),
        (0.40, [0.4, 0.5, 0.45], 0.4),
    ],
)
def test_clean_search(limit, levels, accepted):
    search = _run(_breaks_above(limit))
    assert [trial.sparsity for trial in search.trials] == levels
    assert search.accepted == PruningTrial(accepted, 0.69)
    assert not search.tolerance_exceeded


def test_the_least_sparsity_is_accepted_whatever_it_costs():
    search = _run(_breaks_above(0.3))
    assert search.trials == (PruningTrial(0.4, 0.5),)
    assert search.accepted == search.trials[0]
    assert search.tolerance_exceeded


@pytest.mark.parametrize(
    ("unpruned", "enough", "too_little"),
    [(0.7, 0.6861, 0.6859), (-1.0, -1.0199, -1.0201), (0.0, 0.0, -1e-9)],
)
def test_tolerance_is_a_share_of_the_unpruned_r2(unpruned, enough, too_little):
    search = PruningSearch(CLEAN, unpruned)
    assert not search.report(enough).tolerance_exceeded
    assert search.report(too_little).tolerance_exceeded
    assert search.report(math.nan).tolerance_exceeded


def test_highest_need_not_be_a_multiple_of_the_steps():
    recipe = PruningRecipe(highest=0.77, rule="clean")
    levels = [trial.sparsity for trial in _run(_breaks_above(0.99), recipe).trials]
    assert levels == [0.4, 0.5, 0.6, 0.7, 0.75]
    only = PruningRecipe(start=0.5, highest=0.5, rule="clean")
    assert [trial.sparsity for trial in _run(_breaks_above(0.99), only).trials] == [0.5]


@given(
    limit=st.floats(0, 1),
    start=st.floats(0.05, 0.6),
    room=st.floats(0, 0.35),
    step=st.floats(0.02, 0.3),
    fine=st.floats(0.01, 0.3),
)
def test_any_search_ends_next_to_the_limit(limit, start, room, step, fine):
    recipe = PruningRecipe(start, step, fine, highest=start + room, rule="clean")
    search = _run(_breaks_above(limit), recipe)
    levels = [trial.sparsity for trial in search.trials]
    assert levels[0] == start
    assert len(set(levels)) == len(levels)
    assert max(levels) <= max(recipe.highest, start)
    assert search.accepted is not None
    reached = search.accepted.sparsity
    if search.tolerance_exceeded:
        assert levels == [start]
        assert limit < start
    else:
        assert reached <= limit
        # A finer step further was too much, or not allowed, or known to be no use.
        beyond = min([recipe.highest, *(level for level in levels if level > limit)])
        assert beyond - reached <= min(fine, max(step, fine)) + 1e-6


def test_a_finished_search_takes_no_report():
    search = _run(_breaks_above(0.5))
    with pytest.raises(ValueError, match="finished"):
        search.report(0.7)


@pytest.mark.parametrize("rule", ["published", "clean"])
def test_before_any_trial_nothing_is_accepted(rule):
    search = PruningSearch(PruningRecipe(start=0.3, rule=rule), 0.7)
    assert search.next_level == 0.3
    assert search.accepted is None
    assert not search.tolerance_exceeded


def _transcribed(
    r2_of_trial: Callable[[int], float], recipe: PruningRecipe, unpruned: float
) -> tuple[list[float], float | None]:
    """The published loop, spelled out: the levels as they are tried, and the one kept."""
    precisions, precision = [recipe.step, recipe.fine_step], 0
    level, tried, kept = recipe.start, [], None
    while level <= recipe.highest:
        r2 = r2_of_trial(len(tried))
        tried.append(level)
        if r2 - unpruned < -abs(recipe.tolerance * unpruned):
            if precision == len(precisions) - 1:
                break
            level -= precisions[precision]
            precision += 1
            level += precisions[precision]
            continue
        kept = level
        level += precisions[precision]
    return tried, kept


@given(
    values=st.lists(st.floats(-1, 1), min_size=60, max_size=60),
    good=st.lists(st.booleans(), min_size=60, max_size=60),
    unpruned=st.floats(-0.5, 0.9),
    start=st.floats(0.3, 0.6),
    room=st.floats(0, 0.35),
    step=st.floats(0.05, 0.25),
    fine=st.floats(0.01, 0.2),
    usual=st.booleans(),
)
def test_the_published_rule_decides_as_the_published_loop(
    values, good, unpruned, start, room, step, fine, usual
):
    recipe = PruningRecipe() if usual else PruningRecipe(start, step, fine, start + room)
    # Any values, but with good ones among them often enough to come far.
    results = [1.0 if fits else value for value, fits in zip(values, good, strict=True)]
    tried, kept = _transcribed(lambda trial: results[trial], recipe, unpruned)
    left = iter(results)
    search = _run(lambda _: next(left), recipe, unpruned)
    assert [trial.sparsity for trial in search.trials] == tried
    assert (search.accepted.sparsity if search.accepted else None) == kept
    assert not search.tolerance_exceeded


@pytest.mark.parametrize(
    ("limit", "levels", "kept"),
    [
        (0.99, [0.4, 0.5, 0.6, 0.7, 0.8], 0.8),
        (0.55, [0.4, 0.5, 0.6, 0.55, 0.6], 0.55),
        (0.40, [0.4, 0.5, 0.45], 0.4),
        (0.36, [0.4, 0.35, 0.4], 0.35),
        (0.30, [0.4, 0.35], None),
    ],
)
def test_published_search(limit, levels, kept):
    search = _run(_breaks_above(limit + 1e-9), PruningRecipe())
    assert [round(trial.sparsity, 9) for trial in search.trials] == levels
    assert (None if search.accepted is None else round(search.accepted.sparsity, 9)) == kept


def test_a_refused_level_is_an_attempt_of_its_own():
    search = PruningSearch(PruningRecipe(), 0.7).report(0.7).report(0.7).report(0.1)
    assert search.attempt == 0
    search = search.report(0.7)
    assert round(search.next_level, 9) == 0.6
    assert search.attempt == 1
    search = search.report(0.7)
    assert search.last_accepted
    assert round(search.next_level, 9) == 0.65
    assert not search.report(0.1).last_accepted
