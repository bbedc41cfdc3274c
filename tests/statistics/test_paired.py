"""Two decoders compared: the tests are SciPy's, and what cannot be told is not."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nbsuite.statistics.block_errors import BlockErrors
from nbsuite.statistics.paired import (
    compare_on_recordings,
    compare_sessions,
    holm,
    rank_biserial,
)
from tests.statistics.simulated import Scatter, draw_decoder, draw_session

Decoders = tuple[dict[str, BlockErrors], dict[str, BlockErrors]]


def _two(sessions: int, gain: float = 0.0, *, seeds: int = 3, reaches: int = 100) -> Decoders:
    rng = np.random.default_rng(3)
    first, second = {}, {}
    for number in range(sessions):
        session = draw_session(reaches, Scatter(), rng)
        for decoder, r2 in ((first, 0.6 + gain), (second, 0.6)):
            own = r2 + 0.005 * rng.standard_normal()
            decoder[f"S{number}"] = draw_decoder(
                session, own, seeds, Scatter(), rng, of_its_own=0.5
            )
    return first, second


def _r2(decoder: dict[str, BlockErrors]) -> dict[str, float]:
    return {session: float(each.r2().mean()) for session, each in decoder.items()}


@pytest.mark.parametrize("gain", [0.0, 0.02])
@pytest.mark.parametrize("sessions", [2, 6, 9])
def test_over_sessions(sessions: int, gain: float) -> None:
    first, second = _two(sessions, gain)
    found = compare_sessions(_r2(first), _r2(second))
    assert found is not None
    one, other = list(_r2(first).values()), list(_r2(second).values())
    assert found.p_value == stats.wilcoxon(one, other).pvalue
    official = stats.ttest_rel(one, other).confidence_interval(0.95)
    assert (found.interval.low, found.interval.high) == pytest.approx((official.low, official.high))
    assert found.difference == pytest.approx(np.mean(one) - np.mean(other))
    assert found.pairs == sessions


@given(st.lists(st.integers(-3, 3), min_size=2, max_size=8))
def test_tied_differences_have_the_exact_p(differences: list[int]) -> None:
    first = {str(number): float(each) for number, each in enumerate(differences)}
    found = compare_sessions(first, dict.fromkeys(first, 0.0))
    assert found is not None
    told = np.array([each for each in differences if each])
    ranks = stats.rankdata(np.abs(told))
    outcomes = [
        abs((ranks * signs).sum()) for signs in itertools.product((-1, 1), repeat=len(told))
    ]
    due = np.mean(np.array(outcomes) >= abs((ranks * np.sign(told)).sum()))
    assert found.p_value == pytest.approx(due)
    assert found.smallest_p is not None
    assert found.p_value >= found.smallest_p


def test_six_sessions_cannot_say_more() -> None:
    found = compare_sessions(*map(_r2, _two(6, 0.1)))
    assert found is not None
    assert found.p_value == found.smallest_p == 0.03125
    assert found.effect_size == 1.0
    assert found.significant


def test_five_sessions_cannot_be_significant() -> None:
    found = compare_sessions(*map(_r2, _two(5, 0.1)))
    assert found is not None
    assert found.smallest_p == 0.0625
    assert not found.significant
    on_these = compare_on_recordings(*_two(5, 0.1))
    assert on_these is not None
    assert on_these.significant
    assert on_these.pairs == 500


def test_only_shared_sessions_count() -> None:
    first, second = _two(4)
    del first["S0"], second["S1"]
    found = compare_sessions(_r2(first), _r2(second))
    assert found is not None
    assert found.pairs == 2
    del second["S2"]
    assert compare_sessions(_r2(first), _r2(second)) is None


def test_the_same_decoder_twice() -> None:
    same, _ = _two(6)
    over, on_these = compare_sessions(_r2(same), _r2(same)), compare_on_recordings(same, same)
    assert over is not None
    assert on_these is not None
    assert (over.difference, over.p_value, over.effect_size) == (0.0, 1.0, 0.0)
    assert (on_these.difference, on_these.effect_size) == (0.0, 0.0)
    assert not on_these.significant


def test_reaches_that_both_find_hard_cancel() -> None:
    """The difference of two decoders is known better than either R2."""
    rng = np.random.default_rng(5)
    session = draw_session(200, Scatter(), rng)
    one, other = (
        {"S": draw_decoder(session, r2, 5, Scatter(seeds=0.0), rng, of_its_own=0.1)}
        for r2 in (0.62, 0.6)
    )
    found = compare_on_recordings(one, other)
    assert found is not None
    assert found.significant
    assert found.interval.low < found.difference < found.interval.high < 0.04


def test_on_one_recording_it_is_nearly_a_paired_test_of_reaches() -> None:
    rng = np.random.default_rng(6)
    scatter = Scatter(neighbours=0.0)
    session = draw_session(400, scatter, rng)
    one, other = (draw_decoder(session, r2, 1, scatter, rng) for r2 in (0.63, 0.6))
    found = compare_on_recordings({"S": one}, {"S": other})
    assert found is not None
    power = one.squares.sum(0) - one.sums.sum(0) ** 2 / one.steps.sum()
    by_reach = ((other.errors - one.errors)[0] / power).mean(-1)
    share = [(each.errors[0].sum(0) / power) for each in (one, other)]
    linearised = by_reach - ((share[1] - share[0]) * one.squares / power).mean(-1)
    error = np.sqrt(400 * linearised.var(ddof=1))
    assert (found.interval.high - found.difference) / 1.99 == pytest.approx(error, rel=0.2)
    assert found.effect_size == pytest.approx(by_reach.mean() / by_reach.std(ddof=1))


def test_what_cannot_be_paired() -> None:
    first, second = _two(1)
    others, _ = _two(1, reaches=90)
    assert compare_on_recordings(first, others) is None
    assert compare_on_recordings(first, {"T": second["S0"]}) is None
    assert compare_on_recordings(*_two(1, reaches=10)) is None
    assert compare_sessions(_r2(first), _r2(second)) is None


@given(st.lists(st.floats(-1, 1, allow_subnormal=False), min_size=1, max_size=12))
def test_rank_biserial_is_of_the_tests_ranks(differences: list[float]) -> None:
    told = [each for each in differences if each != 0]
    found = rank_biserial(differences)
    assert -1 <= found <= 1
    if told:
        ranks = stats.rankdata(np.abs(told))
        more = ranks[np.array(told) > 0].sum()
        assert found == pytest.approx(2 * more / ranks.sum() - 1)


def test_holms_correction() -> None:
    # Worked by hand: .01 x 4, .02 x 3, then no less than before, at most 1.
    assert holm([0.02, 0.01, 0.03, 0.6]) == pytest.approx([0.06, 0.04, 0.06, 0.6])
    assert holm([0.9, 0.8]) == [1.0, 1.0]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_only_raises_and_keeps_the_order(p_values: list[float]) -> None:
    corrected = holm(p_values)
    assert all(new >= old for new, old in zip(corrected, p_values, strict=True))
    order = np.argsort(p_values, kind="stable")
    assert np.all(np.diff(np.array(corrected)[order]) >= 0)
