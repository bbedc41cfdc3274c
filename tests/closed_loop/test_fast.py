from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from nbsuite.closed_loop.decoders import DecoderRules, SuiteDecoder
from nbsuite.closed_loop.exact import run_exact
from nbsuite.closed_loop.fast import run_fast
from nbsuite.closed_loop.hashing import fire_hashed, hashed_target, loop_key
from nbsuite.closed_loop.neurons import draw_neurons
from nbsuite.closed_loop.settings import LoopSettings
from nbsuite.errors import UsageError
from nbsuite.models.rsnn import RecurrentDecoder
from nbsuite.models.spec import ModelSpec
from nbsuite.neurons.kernels.threads import kernel_threads

SIGNIFICANT = 0.001
"""Below this p two samples are told apart; the seeds are fixed, so that a test is not a lottery."""


class StepByStep:
    """Hides what a decoder is, so that it is not compiled together with the loop."""

    def __init__(self, decoder):
        self.decoder, self.name, self.channels = decoder, decoder.name, decoder.channels

    def begin_trial(self, trial):
        self.decoder.begin_trial(trial)

    def step(self, spikes):
        return self.decoder.step(spikes)


def recurrent(cell="lif", layers=1, heads=2, dtype=torch.float32):
    spec = ModelSpec(
        "small",
        10,
        8,
        hidden=(0.02, 0.01),
        readouts=((0.05, 0.01), (0.1, 0.02))[:heads],
        layers=layers,
        cell=cell,
        step=0.01,
    )
    torch.manual_seed(1)
    decoder = RecurrentDecoder(spec)
    with torch.no_grad():
        for name, weight in decoder.named_parameters():
            if "weight" in name:
                weight.mul_(6)
    return SuiteDecoder(decoder.to(dtype), 0.01, DecoderRules(scale=2.5, reset=True))


def assert_same(first, second):
    assert first.lengths.tobytes() == second.lengths.tobytes()
    assert first.succeeded.tobytes() == second.succeeded.tobytes()
    assert first.targets.tobytes() == second.targets.tobytes()
    assert first.positions.tobytes() == second.positions.tobytes()
    assert first.outputs.tobytes() == second.outputs.tobytes()
    assert first.counts.tobytes() == second.counts.tobytes()
    assert first.spikes.tobytes() == second.spikes.tobytes()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"heads": 1},
        {"layers": 2},
        {"cell": "adaptive"},
        {"dtype": torch.float16},
        {"dtype": torch.float64},
    ],
)
def test_compiled_trials_are_those_run_step_by_step(options):
    decoder = recurrent(**options)
    settings = LoopSettings(longest=1.0, delay_steps=2, jump_step=40, dropped=0.2)
    compiled = run_fast(decoder, draw_neurons(10, 1), 3, settings, seed=4)
    assert np.ptp(compiled.outputs) > 0.01
    assert_same(compiled, run_fast(StepByStep(decoder), draw_neurons(10, 1), 3, settings, seed=4))


def test_neither_threads_nor_batches_change_a_bit():
    decoder, neurons = recurrent(), draw_neurons(10, 1)
    settings = LoopSettings(longest=0.6)
    with kernel_threads(1):
        one = run_fast(decoder, neurons, 100, settings, seed=3)
    with kernel_threads(3):
        three = run_fast(decoder, neurons, 100, settings, seed=3)
    assert_same(one, three)
    rest = run_fast(decoder, neurons, 30, settings, seed=3, first=70)
    assert rest.positions.tobytes() == one.positions[one.bounds[70][0] :].tobytes()


def test_is_statistically_the_exact_mode(population_vector):
    """Fisher's exact test of success, Mann-Whitney's of times, Welch's t of spikes a step."""
    neurons = draw_neurons(16, 5)
    settings = LoopSettings(longest=1.0)
    exact = run_exact(population_vector(neurons), neurons, 250, settings)
    fast = run_fast(population_vector(neurons), neurons, 1000, settings, seed=1)
    table = [[int(t.succeeded.sum()), int((~t.succeeded).sum())] for t in (exact, fast)]
    assert min(min(row) for row in table) > 20  # there is something to tell apart
    assert stats.fisher_exact(table).pvalue > SIGNIFICANT
    assert stats.mannwhitneyu(exact.seconds, fast.seconds).pvalue > SIGNIFICANT
    counts = [
        [trials.counts[start:stop].mean() for start, stop in trials.bounds]
        for trials in (exact, fast)
    ]
    assert stats.ttest_ind(*counts, equal_var=False).pvalue > SIGNIFICANT


def test_the_test_tells_a_tenth_fewer_spikes(population_vector):
    neurons = draw_neurons(16, 5)
    fewer = draw_neurons(16, 5)
    fewer.high[:] *= 0.9
    settings = LoopSettings(longest=1.0)
    counts = []
    for each in (neurons, fewer):
        trials = run_fast(population_vector(neurons), each, 250, settings, seed=2)
        counts.append([trials.counts[start:stop].mean() for start, stop in trials.bounds])
    assert stats.ttest_ind(*counts, equal_var=False).pvalue < SIGNIFICANT


def test_hashed_spikes_have_their_probabilities_and_know_nothing_of_each_other():
    probabilities = np.array([0, 0.01, 0.3, 0.3, 0.7, 1], dtype=np.float32)
    fired = np.zeros((40, 500, 6), dtype=np.int8)
    key = loop_key(7)
    for trial, step in np.ndindex(40, 500):
        fire_hashed(key, step, trial, np.float32(0), probabilities, fired[trial, step])
    flat = fired.reshape(-1, 6)
    expected = flat.shape[0] * probabilities.astype(np.float64)
    spread = np.sqrt(np.maximum(expected * (1 - probabilities), 1e-9))
    assert (np.abs(flat.sum(axis=0) - expected) <= 4 * spread + 1e-3).all()
    inner = flat[:, 1:5].astype(float)
    assert np.abs(np.corrcoef(inner.T) - np.eye(4)).max() < 0.03
    one = fired[:, :, 2].astype(float)
    assert abs(np.corrcoef(one[:, 1:].ravel(), one[:, :-1].ravel())[0, 1]) < 0.03
    assert abs(np.corrcoef(one[1:].ravel(), one[:-1].ravel())[0, 1]) < 0.03


def test_dropped_steps_have_no_spikes():
    fired = np.ones(50, dtype=np.int8)
    empty = 0
    for step in range(400):
        fire_hashed(loop_key(1), step, 0, np.float32(0.25), np.ones(50, np.float32), fired)
        assert fired.sum() in (0, 50)
        empty += not fired.any()
    assert 70 < empty < 130


def test_targets_lie_in_all_directions():
    targets = np.array([hashed_target(loop_key(0), trial, 8) for trial in range(2000)])
    np.testing.assert_allclose(np.linalg.norm(targets, axis=1), 8, rtol=1e-6)
    angles = np.arctan2(targets[:, 1], targets[:, 0]) / (2 * np.pi) + 0.5
    assert stats.kstest(angles, "uniform").pvalue > SIGNIFICANT


def test_seeds_differ(population_vector):
    neurons = draw_neurons(8, 1)
    one, other = (run_fast(population_vector(neurons), neurons, 1, seed=seed) for seed in (0, 1))
    assert one.targets[0].tolist() != other.targets[0].tolist()


def test_spikes_are_left_out(population_vector):
    neurons = draw_neurons(8, 1)
    trials = run_fast(population_vector(neurons), neurons, 1, keep_spikes=False)
    assert trials.spikes is None
    with pytest.raises(ValueError, match="were not kept"):
        trials.unpacked_spikes()


def test_what_remembers_trials_is_refused():
    decoder = SuiteDecoder(recurrent().decoder, 0.01)
    with pytest.raises(UsageError, match="each trial stands alone"):
        run_fast(decoder, draw_neurons(10, 1), 1)


def test_numbers_of_trials_are_bounded(population_vector):
    neurons = draw_neurons(4, 1)
    with pytest.raises(UsageError, match="out of range"):
        run_fast(population_vector(neurons), neurons, 1, first=-1)
