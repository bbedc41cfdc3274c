"""Confidence intervals of R2: they hold the truth as often as they say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from nbsuite.statistics.block_errors import BlockErrors
from nbsuite.statistics.intervals import r2_interval, session_interval
from nbsuite.statistics.paired import compare_on_recordings
from nbsuite.statistics.resampling import (
    draw_blocks,
    drawn_errors,
    independent_runs,
    run_length,
    variance_by_blocks,
)
from nbsuite.statistics.uncertain import Uncertain, Variance, of_mean, summed
from tests.statistics.simulated import Scatter, draw_decoder, draw_session

TRUTH = 0.6


def _decoder(seed: int, reaches: int = 120, seeds: int = 3, **scatter: float) -> BlockErrors:
    rng = np.random.default_rng(seed)
    how = replace(Scatter(), **scatter)
    return draw_decoder(draw_session(reaches, how, rng), TRUTH, seeds, how, rng)


def _share_held(
    trials: int, sessions: int, seeds: int, reaches: int = 120, *, within_sessions: bool = False
) -> float:
    rng = np.random.default_rng(7)
    scatter = Scatter(seeds=0.0 if seeds == 1 else 0.03)
    held = 0
    for _ in range(trials):
        blocks = []
        for _ in range(sessions):
            truth = TRUTH + (0.0 if within_sessions else 0.06 * rng.standard_normal())
            session = draw_session(reaches, scatter, rng)
            blocks.append(draw_decoder(session, truth, seeds, scatter, rng))
        found = r2_interval(blocks)
        held += found is not None and found.low <= TRUTH <= found.high
    return held / trials


@pytest.mark.slow
@pytest.mark.parametrize(("seeds", "reaches"), [(1, 240), (2, 240), (5, 240), (5, 120), (3, 60)])
def test_one_session_in_many_trials(seeds: int, reaches: int) -> None:
    assert 0.93 <= _share_held(3000, 1, seeds, reaches, within_sessions=True) <= 0.97


@pytest.mark.slow
@pytest.mark.parametrize("sessions", [2, 3, 6])
def test_sessions_in_many_trials(sessions: int) -> None:
    assert 0.93 <= _share_held(3000, sessions, 5) <= 0.97


@pytest.mark.parametrize(("sessions", "seeds"), [(1, 1), (1, 5), (4, 2)])
def test_coverage_in_few_trials(sessions: int, seeds: int) -> None:
    # 19 of 20 are expected; 175 of 200 or fewer come once in ten thousand such tests.
    assert 0.88 <= _share_held(200, sessions, seeds, within_sessions=sessions == 1) <= 0.995


def test_it_is_the_same_each_time_and_holds_the_figure() -> None:
    blocks = _decoder(1)
    first, again = session_interval(blocks), session_interval(blocks)
    assert first is not None
    assert first == again
    assert first.low < blocks.r2().mean() < first.high < 1.0


def test_of_independent_reaches_it_is_that_of_the_ratio() -> None:
    """Without correlation, the variance is that of the linearised ratio of sums."""
    blocks = _decoder(3, reaches=400, seeds=1, neighbours=0.0)
    scatter = blocks.squares.sum(0) - blocks.sums.sum(0) ** 2 / blocks.steps.sum()
    share = blocks.errors[0].sum(0) / scatter
    residuals = (blocks.errors[0] - share * blocks.squares) / scatter
    linearised = np.sqrt(400 * residuals.mean(-1).var(ddof=1))
    drawn = drawn_errors(blocks, draw_blocks(400))
    assert variance_by_blocks(drawn, 400).value ** 0.5 == pytest.approx(linearised, rel=0.15)


def test_alike_neighbours_widen_it() -> None:
    widths = []
    for neighbours in (0.0, 0.8):
        found = [session_interval(_decoder(n, neighbours=neighbours)) for n in range(20)]
        widths.append(np.mean([each.high - each.low for each in found if each is not None]))
    assert widths[1] > 1.3 * widths[0]


def test_of_sessions_it_is_students() -> None:
    blocks = [_decoder(number) for number in range(4)]
    means = [float(each.r2().mean()) for each in blocks]
    due = stats.t.interval(0.95, 3, np.mean(means), stats.sem(means))
    found = r2_interval(blocks)
    assert found is not None
    assert (found.low, found.high) == pytest.approx(due)


@pytest.mark.parametrize("reaches", [1, 19])
def test_too_few_blocks_tell_nothing(reaches: int) -> None:
    assert session_interval(_decoder(1, reaches)) is None


def test_what_is_decoded_without_a_fault_has_no_interval() -> None:
    blocks = _decoder(1)
    assert session_interval(replace(blocks, errors=0 * blocks.errors)) is None


def test_draws() -> None:
    draws = draw_blocks(50, 300)
    assert draws.shape == (300, 50)
    assert (draws.sum(1) == 50).all()
    assert draws.sum(0) == pytest.approx(300, rel=0.4)
    assert run_length(50) * independent_runs(50) >= 50
    # A block and its neighbour are drawn together, and so are the last and the first.
    for one, other in ((20, 21), (49, 0)):
        assert np.corrcoef(draws[:, one], draws[:, other])[0, 1] > 0.5


def test_variances_add_up_as_welch_has_it() -> None:
    rng = np.random.default_rng(2)
    one, other = rng.normal(0, 1, 12), rng.normal(0.4, 3, 7)
    variances = [of_mean(each.tolist()).variance for each in (one, other)]
    difference = Uncertain(float(one.mean() - other.mean()), summed(variances))
    assert difference.p_value() == pytest.approx(
        stats.ttest_ind(one, other, equal_var=False).pvalue
    )
    found = difference.interval(0.9)
    for end in (found.low, found.high):  # where the difference would just be significant at .1
        assert stats.ttest_ind(one, other + end, equal_var=False).pvalue == pytest.approx(0.1)


def test_no_scatter_is_no_doubt() -> None:
    certain = summed([Variance(0.0, 3), Variance(0.0, 8)])
    assert Uncertain(0.0, certain).p_value() == 1.0
    assert Uncertain(0.1, certain).p_value() == 0.0


@pytest.mark.parametrize("moving", [1, 5])
def test_labels_that_rest_in_most_blocks_tell_nothing(moving: int) -> None:
    whole = _decoder(1)
    resting = np.arange(120)[:, np.newaxis] >= moving
    blocks = replace(
        whole,
        sums=np.where(resting, 0.0, whole.sums),
        squares=np.where(resting, 0.0, whole.squares),
    )
    assert session_interval(blocks) is None
    assert compare_on_recordings({"I1": blocks}, {"I1": blocks}) is None


def test_labels_that_are_constant_in_what_is_drawn_tell_nothing() -> None:
    whole = _decoder(1)
    level = np.where(np.arange(120) < 2, 10.0, -0.1)[:, np.newaxis] * np.ones((120, 2))
    steps = whole.steps[:, np.newaxis]
    blocks = replace(whole, sums=level * steps, squares=level**2 * steps)
    assert session_interval(blocks) is None


def test_errors_in_few_blocks_tell_nothing() -> None:
    whole = _decoder(1)
    errors = whole.errors * (np.arange(120)[:, np.newaxis] < 1)
    assert session_interval(replace(whole, errors=errors)) is None
