"""The search for the sparsest decoder that decodes as well."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsuite.training.pruning_search import PruningSearch, PruningTrial, most_trials
from nbsuite.training.recipe import PruningRecipe


def _run(
    r2_at: Callable[[float], float], recipe: PruningRecipe | None = None, unpruned: float = 0.7
) -> PruningSearch:
    search = PruningSearch(recipe or PruningRecipe(), unpruned)
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
def test_published_search(limit, levels, accepted):
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
    search = PruningSearch(PruningRecipe(), unpruned)
    assert not search.report(enough).tolerance_exceeded
    assert search.report(too_little).tolerance_exceeded
    assert search.report(math.nan).tolerance_exceeded


def test_highest_need_not_be_a_multiple_of_the_steps():
    recipe = PruningRecipe(highest=0.77)
    levels = [trial.sparsity for trial in _run(_breaks_above(0.99), recipe).trials]
    assert levels == [0.4, 0.5, 0.6, 0.7, 0.75]
    only = PruningRecipe(start=0.5, highest=0.5)
    assert [trial.sparsity for trial in _run(_breaks_above(0.99), only).trials] == [0.5]


@given(
    limit=st.floats(0, 1),
    start=st.floats(0.05, 0.6),
    room=st.floats(0, 0.35),
    step=st.floats(0.02, 0.3),
    fine=st.floats(0.01, 0.3),
)
def test_any_search_ends_next_to_the_limit(limit, start, room, step, fine):
    recipe = PruningRecipe(start, step, fine, highest=start + room)
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


def test_before_any_trial_nothing_is_accepted():
    search = PruningSearch(PruningRecipe(start=0.3), 0.7)
    assert search.next_level == 0.3
    assert search.accepted is None
    assert not search.tolerance_exceeded
