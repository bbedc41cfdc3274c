"""Twins against what is known of the real sessions, and the measures against known answers."""

from __future__ import annotations

import numpy as np
import pytest

from nbsuite.data.twins.generate import write_twin
from nbsuite.tasks.known import find_session
from tests.data.twin_figures import statistics
from tests.data.twin_figures.measure import measure, read_contents
from tests.data.twin_figures.reference import Expectation, expectations

# What a few minutes leave to chance: tolerances are those of full-length twins.
CHANCE_IN_SHORT_TWINS = {
    "ridge R2",
    "drift, CV over ten parts",
    "velocity x-y correlation",
    "velocity x kurtosis",
    "velocity y kurtosis",
    "speed max, cm/s",
    "encoding R2 of a unit, max",
    "rate in speed fifth 3 / mean",
    "rate in speed fifth 5 / mean",
}


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    session = find_session("I1")
    path = tmp_path_factory.mktemp("twins") / f"{session.name}.mat"
    write_twin(session, path, fraction=0.15)
    return measure(read_contents(path))


def _missed(figures: dict[str, float], expected: list[Expectation]) -> dict[str, float]:
    return {
        each.name: figures[each.name] for each in expected if not each.holds(figures[each.name])
    }


def test_a_short_twin_is_like_the_real_session(figures):
    expected = expectations(find_session("I1"), 0.15)
    assert _missed(figures, [e for e in expected if e.name not in CHANCE_IN_SHORT_TWINS]) == {}


def test_a_short_twin_can_be_decoded_but_not_easily(figures):
    assert 0.2 < figures["ridge R2"] < 0.5


@pytest.mark.slow
def test_a_full_twin_is_like_the_real_session(tmp_path):
    session = find_session("I1")
    path = tmp_path / f"{session.name}.mat"
    write_twin(session, path)
    assert _missed(measure(read_contents(path)), expectations(session)) == {}


def test_segments_and_grid():
    target = np.repeat(np.array([[0.0, 15.0, 15.0], [0.0, 0.0, 30.0]]), [5, 10, 5], axis=1)
    np.testing.assert_allclose(statistics.segment_lengths(target, 0.5), [2.0, 5.0, 3.0])
    assert statistics.grid_pitch(target) == 15.0


def test_velocity_is_in_centimetres_a_second():
    cursor = np.stack([np.arange(1000) * 0.4, np.zeros(1000)])  # 0.4 mm a 4 ms sample
    velocity = statistics.velocity_in_bins(cursor, 0.004, 0.05)
    np.testing.assert_allclose(velocity, np.array([[10.0], [0.0]]).repeat(velocity.shape[1], 1))


def test_moments_of_known_distributions():
    rng = np.random.default_rng(0)
    assert statistics.kurtosis(rng.normal(size=200_000)) == pytest.approx(3, abs=0.05)
    assert statistics.kurtosis(rng.laplace(size=200_000)) == pytest.approx(6, abs=0.3)
    wave = np.sin(np.arange(10_000) * 2 * np.pi / 100)
    assert statistics.autocorrelation(wave, 50) == pytest.approx(-1, abs=1e-3)


def test_poisson_counts_have_a_fano_factor_of_one():
    rng = np.random.default_rng(0)
    trains = [np.sort(rng.uniform(5, 1005, 20_000)) for _ in range(5)]
    counts = statistics.counts_in_bins(trains, 5.0, 100_000, 0.01)
    assert counts.sum() == 100_000
    assert statistics.fano_factor(counts, 1) == pytest.approx(1, abs=0.03)
    assert statistics.fano_factor(np.ones((2, 100), np.float32), 10) == 0


def test_regression_finds_the_lag_and_leaves_the_noise():
    rng = np.random.default_rng(0)
    velocity = rng.normal(size=(2, 20_000))
    noise = rng.normal(size=20_000)
    unit = (np.roll(velocity[0], -3) + noise)[np.newaxis]
    at = {lag: statistics.explained(unit, statistics.lagged(velocity, [lag]))[0] for lag in (0, 3)}
    assert at[0] < 0.01
    assert at[3] == pytest.approx(0.5, abs=0.02)
    left = statistics.residuals(unit, statistics.lagged(velocity, [3]))
    assert np.corrcoef(left[0], noise)[0, 1] > 0.999


def test_shared_variance_shows_in_correlation_and_components():
    rng = np.random.default_rng(0)
    shared = rng.normal(size=50_000)
    rows = np.stack([shared + rng.normal(size=50_000) for _ in range(8)])
    assert statistics.mean_correlation(rows) == pytest.approx(0.5, abs=0.02)
    shares = statistics.principal_shares(rows.astype(np.float32), 0.01, 2)
    np.testing.assert_allclose(shares, [(1 + 7 * 0.5) / 8, 0.5 / 8], atol=0.01)


def test_rates_by_speed_and_drift():
    counts = np.repeat(np.array([[1, 3]], np.float32), 50, axis=1)
    rates = statistics.rate_by_speed(counts, np.arange(100.0), parts=2, bin_seconds=0.1)
    np.testing.assert_allclose(rates, [10, 30])
    assert statistics.drift(counts, 2) == pytest.approx(0.5)


def test_linear_decoding_solves_a_linear_task_and_not_noise():
    rng = np.random.default_rng(0)
    events = (rng.random((20_000, 4)) < 0.3).astype(np.int8)
    summed = np.apply_along_axis(np.convolve, 0, events, np.ones(12))[:20_000]
    labels = np.stack([summed[:, 0] - summed[:, 1], rng.normal(size=20_000)], 1).astype(np.float32)
    r2 = statistics.linear_decoding(
        events, labels, slice(0, 15_000), slice(15_000, 20_000), penalties=[1.0, 1e6], stride=1
    )
    assert r2[0] > 0.999
    assert abs(r2[1]) < 0.05
