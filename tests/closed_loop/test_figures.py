from __future__ import annotations

import math

import numpy as np
import pytest

from nbsuite.closed_loop.figures import QUANTITIES, LoopFigures, figures_of, on_target
from nbsuite.closed_loop.settings import LoopSettings
from nbsuite.closed_loop.smoothness import spectral_arc_length
from nbsuite.closed_loop.trials import Trials


def minimum_jerk(seconds, step=0.01):
    time = np.arange(0, 1, step / seconds)
    return 30 * time**2 * (1 - time) ** 2 / seconds


def test_a_minimum_jerk_movement_is_as_smooth_as_published_whatever_its_size():
    assert spectral_arc_length(minimum_jerk(1.0), 0.01) == pytest.approx(-1.41, abs=0.01)
    assert spectral_arc_length(50 * minimum_jerk(1.0), 0.01) == pytest.approx(-1.41, abs=0.01)
    assert spectral_arc_length(minimum_jerk(2.0), 0.01) == pytest.approx(-1.41, abs=0.01)


def test_movements_in_pieces_are_less_smooth():
    one = minimum_jerk(1.0)
    pieces = [
        spectral_arc_length(np.concatenate([one, np.zeros(gap), one]), 0.01) for gap in (0, 30, 60)
    ]
    assert spectral_arc_length(one, 0.01) > pieces[0] > pieces[1] > pieces[2]


def test_what_does_not_move_has_no_smoothness():
    assert spectral_arc_length(np.zeros(50), 0.01) is None
    assert spectral_arc_length(np.ones(1), 0.01) is None


def trials_of(*ways, hold_steps=5):
    """Trials of given ways (steps, 2) to the target at (8, 0)."""
    settings = LoopSettings(hold=hold_steps * 0.01, longest=0.2)
    positions = np.concatenate(ways).astype(np.float32)
    targets = np.broadcast_to(np.array([8, 0], dtype=np.float32), positions.shape)
    inside = [np.hypot(*(way - [8, 0]).T) < settings.target_size for way in ways]
    return Trials(
        settings=settings,
        lengths=np.array([len(way) for way in ways]),
        succeeded=np.array([bool(each[-hold_steps:].all()) for each in inside]),
        targets=targets,
        positions=positions,
        outputs=np.zeros_like(positions),
        counts=np.zeros(len(positions), dtype=np.int64),
        spikes=None,
        neurons=1,
    )


def straight(steps):
    """One unit a step, until the cursor is at the target."""
    return np.stack([np.minimum(np.arange(1, steps + 1), 8), np.zeros(steps)], axis=1)


def test_figures_of_a_straight_way():
    # In the target, within 2.5 of 8, from the sixth step on: held for five, until the tenth.
    figures = figures_of(trials_of(straight(10)))
    bits = math.log2(8 / 5 + 1)
    assert figures.successes == figures.trials == 1
    assert figures.success_rate == 1
    assert figures.trial_seconds == pytest.approx(0.1)
    assert figures.time_to_target == pytest.approx(0.06)
    assert figures.path_efficiency == pytest.approx(1)
    assert figures.throughput == pytest.approx(bits / 0.06)
    assert figures.time_on_target == pytest.approx(0.5)


def test_failures_cost_their_time_and_bring_no_bits():
    lost = np.stack([np.linspace(0.1, 2, 20), np.zeros(20)], axis=1)
    figures = figures_of(trials_of(straight(10), lost))
    assert figures.success_rate == 0.5
    assert figures.trial_seconds == pytest.approx(0.15)
    assert figures.time_to_target == pytest.approx(0.06)
    assert figures.throughput == pytest.approx(math.log2(2.6) / 0.26)
    assert figures.time_on_target == pytest.approx(5 / 30)


def test_a_detour_is_less_efficient():
    way = straight(12)
    way[:4, 1] = [1, 2, 1, 0]
    assert figures_of(trials_of(way[:10])).path_efficiency == pytest.approx(
        6 / (4 * math.sqrt(2) + 2)
    )


def test_where_nothing_succeeds_or_moves_some_figures_are_none():
    figures = figures_of(trials_of(np.zeros((20, 2))))
    assert figures.success_rate == figures.throughput == figures.time_on_target == 0
    assert figures.time_to_target is figures.path_efficiency is figures.smoothness is None


def test_on_target_follows_a_jump():
    trials = trials_of(straight(10))
    trials.targets.flags.writeable = False
    assert on_target(trials).tolist() == [False] * 5 + [True] * 5


def test_every_figure_is_a_quantity():
    assert set(QUANTITIES) == set(LoopFigures.__dataclass_fields__) - {"trials", "successes"}
