"""What the neurons of a twin are tuned to, and what drives them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsuite.data.twins.drive import LATENTS, LONGEST_LEAD, draw_drive
from nbsuite.data.twins.plan import plan_of_sorted_session
from nbsuite.data.twins.population import draw_population, unit_rate
from nbsuite.data.twins.tuning import balanced, draw_tuning


@settings(max_examples=25, deadline=None)
@given(units=st.integers(12, 200), seed=st.integers(0, 1000))
def test_balanced_columns_are_orthonormal_under_the_rates(units, seed):
    rng = np.random.default_rng(seed)
    hertz, speed = rng.lognormal(2, 0.8, units), rng.normal(2, 0.4, units)
    columns = balanced(rng.normal(size=(units, 6)), speed, hertz)
    share = hertz / hertz.sum()
    np.testing.assert_allclose(columns.T @ (share[:, np.newaxis] * columns), np.eye(6), atol=1e-9)
    np.testing.assert_allclose(share @ columns, 0, atol=1e-9)
    np.testing.assert_allclose((share * speed) @ columns, 0, atol=1e-9)


def test_balancing_changes_nothing_that_is_balanced():
    rng = np.random.default_rng(0)
    hertz, speed = rng.lognormal(2, 0.8, 40), rng.normal(2, 0.4, 40)
    once = balanced(rng.normal(size=(40, 6)), speed, hertz)
    np.testing.assert_allclose(balanced(once, speed, hertz), once, atol=1e-9)


def test_all_populations_say_as_much_of_every_direction():
    hertz = np.linspace(2, 40, 30)
    said = []
    for seed in (1, 2):
        tuning = draw_tuning(hertz, np.ones(30), np.random.default_rng(seed))
        assert tuning.leads.shape == (30, 4)
        assert tuning.leads.min() >= 0
        assert tuning.leads.max() <= LONGEST_LEAD
        said.append(tuning.directed.T @ (hertz[:, np.newaxis] * tuning.directed))
    np.testing.assert_allclose(said[0], said[1], atol=1e-9)


def test_tuning_is_heavy_tailed():
    tuning = draw_tuning(np.full(400, 10.0), np.ones(400), np.random.default_rng(0))
    length = np.hypot(*tuning.directed[:, :2].T)
    assert np.percentile(length, 95) > 1.7 * np.median(length)


def test_the_drive_of_a_hand_that_goes_one_way():
    steps = 4000
    cursor = np.stack([np.arange(steps) * 0.4, np.zeros(steps)])  # 100 mm/s along x
    drive = draw_drive(cursor, np.random.default_rng(0))
    assert drive.steps == steps
    assert drive.speed.shape == (steps + LONGEST_LEAD,)
    np.testing.assert_allclose(drive.direction[:, 500], [100 / 115, 0], atol=1e-5)
    np.testing.assert_allclose(drive.axis[:, 500], [100 / 115, 0], atol=1e-5)
    assert drive.position[0, steps] == pytest.approx(drive.position[0, -1])
    assert drive.latents.shape == (LATENTS, steps)
    assert abs(drive.latents.std() - 1) < 0.35


def test_forth_and_back_are_one_axis():
    cursor = np.zeros((2, 2000))
    cursor[1] = 20 * np.sin(np.arange(2000) / 60)
    drive = draw_drive(cursor, np.random.default_rng(0))
    forth, back = drive.direction[1] > 0.5, drive.direction[1] < -0.5
    np.testing.assert_allclose(drive.axis[0, forth], -drive.direction[1, forth], atol=1e-4)
    np.testing.assert_allclose(drive.axis[0, back], drive.direction[1, back], atol=1e-4)


def test_a_unit_fires_at_its_mean_rate():
    rng = np.random.default_rng(0)
    cursor = np.cumsum(np.cumsum(rng.normal(0, 0.02, (2, 20_000)), axis=1) * 0.01, axis=1)
    plan = plan_of_sorted_session()
    units = draw_population(plan.channels, 4.5, plan.rates, rng)
    assert [unit.row for unit in units] == [1] * 30
    drive = draw_drive(cursor, rng)
    for unit in units[:5]:
        assert unit_rate(unit, drive).mean() / 0.004 == pytest.approx(unit.hertz, rel=0.02)
