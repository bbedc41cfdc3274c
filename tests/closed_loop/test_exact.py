from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from nbsuite.closed_loop import draws
from nbsuite.closed_loop.decoders import SuiteDecoder
from nbsuite.closed_loop.draws import BulkDraws, TorchDraws, layout_holds, neuron_seeds
from nbsuite.closed_loop.exact import run_exact
from nbsuite.closed_loop.loop import turned
from nbsuite.closed_loop.neurons import draw_neurons, read_neurons
from nbsuite.closed_loop.perceptron import perceptron_decoder
from nbsuite.closed_loop.settings import LoopSettings
from nbsuite.conversions.torch_file import read_state_dict
from nbsuite.errors import UsageError

TINY_TRACE = Path(__file__).parent / "tiny_trace.npz"


class Replayed:
    """A decoder whose outputs are on record."""

    name, channels = "replayed", 96

    def __init__(self, outputs):
        self.outputs = iter(outputs)

    def begin_trial(self, trial):
        pass

    def step(self, _spikes):
        return next(self.outputs)


def rows_of(neurons):
    return [
        (*(float(each) for each in preferred), float(low), float(high))
        for preferred, low, high in zip(neurons.preferred, neurons.low, neurons.high, strict=True)
    ]


@pytest.mark.parametrize("seed", [0, 1])
def test_is_the_transcription_of_the_original_bit_by_bit(original, population_vector, seed):
    neurons = draw_neurons(12, seed)
    decoder = population_vector(neurons)
    theirs = original.run(
        lambda spikes: torch.from_numpy(decoder.step(spikes.numpy())), rows_of(neurons), 2
    )
    ours = run_exact(population_vector(neurons, resets=False), neurons, 2)
    assert ours.succeeded.all()
    assert ours.unpacked_spikes().tobytes() == theirs.spikes.astype(np.int8).tobytes()
    assert ours.positions.tobytes() == theirs.positions.tobytes()
    assert ours.targets.tobytes() == theirs.targets.tobytes()
    assert ours.lengths.tolist() == theirs.lengths
    assert ours.succeeded.tolist() == theirs.succeeded


def test_is_what_it_was_with_every_version_of_torch(population_vector):
    with np.load(TINY_TRACE) as trace:
        neurons = draw_neurons(6, 5)
        ours = run_exact(population_vector(neurons, resets=False), neurons, 3)
        assert ours.spikes.tobytes() == trace["spikes"].tobytes()
        assert ours.positions.tobytes() == trace["positions"].tobytes()
        assert ours.lengths.tolist() == trace["lengths"].tolist()


def test_draws_in_bulk_are_those_of_torch():
    seeds = neuron_seeds(5)
    bulk, slow = BulkDraws(seeds), TorchDraws(seeds)
    generator = np.random.default_rng(1)
    for _ in range(1100):  # more than are drawn at once
        probabilities = generator.random(5, dtype=np.float32) * np.float32(0.3)
        assert bulk.fire(probabilities).tolist() == slow.fire(probabilities).tolist()


def test_torch_draws_where_its_layout_is_another(monkeypatch, population_vector):
    neurons = draw_neurons(4, 2)
    expected = run_exact(population_vector(neurons), neurons, 1)
    monkeypatch.setattr(draws, "exponential", lambda words: np.ones(len(words) // 2, np.float32))
    layout_holds.cache_clear()
    try:
        assert not layout_holds()
        assert isinstance(draws.draws_of([1, 2]), TorchDraws)
        found = run_exact(population_vector(neurons), neurons, 1)
    finally:
        layout_holds.cache_clear()
    assert found.positions.tobytes() == expected.positions.tobytes()


def test_installed_torch_draws_as_computed():
    assert layout_holds()


def test_fewer_trials_are_the_first_of_more(population_vector):
    neurons = draw_neurons(8, 3)
    few, many = (
        run_exact(population_vector(neurons), neurons, 1),
        run_exact(population_vector(neurons), neurons, 2),
    )
    assert few.positions.tobytes() == many.positions[: few.lengths[0]].tobytes()


def test_a_delay_moves_the_cursor_later(population_vector):
    neurons = draw_neurons(8, 3)
    delayed = run_exact(population_vector(neurons), neurons, 1, LoopSettings(delay_steps=4))
    assert not delayed.positions[:4].any()
    moved = delayed.positions[4:] - delayed.positions[3:-1]
    expected = delayed.outputs[:-4] * np.float32(3.77) * np.float32(0.01)
    np.testing.assert_allclose(moved, expected, atol=1e-5)


def test_a_target_jumps(population_vector):
    settings = LoopSettings(jump_step=10, jump_degrees=90)
    neurons = draw_neurons(8, 3)
    trials = run_exact(population_vector(neurons), neurons, 1, settings)
    x, y = trials.targets[9]
    np.testing.assert_allclose(trials.targets[10], [-y, x], rtol=1e-6)
    assert (trials.targets[:10] == trials.targets[0]).all()


def test_turning_keeps_the_distance():
    target = turned(np.array([8, 0], dtype=np.float32), 30)
    np.testing.assert_allclose(np.linalg.norm(target), 8, rtol=1e-6)


def test_decoder_is_told_of_every_trial(population_vector):
    neurons = draw_neurons(4, 1)
    decoder = population_vector(neurons)
    run_exact(decoder, neurons, 2)
    assert decoder.begun == [0, 1]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"trials": 0}, "0 trials cannot be run; give at least 1."),
        (
            {"channels": 5},
            "population vector takes 5 channels, but there are 4 neurons; give as many.",
        ),
        ({"dropped": 0.5}, "Steps are dropped at random in the fast mode only; choose that."),
        (
            {"step": 0.02},
            "A neuron fires at .* Hz, but a step of 20 ms has room for 50 Hz; lower its rate.",
        ),
    ],
)
def test_what_does_not_fit_is_refused(population_vector, change, sentence):
    settings = LoopSettings(dropped=change.get("dropped", 0.0), step=change.get("step", 0.01))
    decoder = population_vector(draw_neurons(change.get("channels", 4), 1))
    with pytest.raises(UsageError, match=sentence):
        run_exact(decoder, draw_neurons(4, 1), change.get("trials", 1), settings)


@pytest.fixture
def closed_loop(shared):
    return shared / "closed_loop"


def test_environment_is_the_traces_bit_by_bit(closed_loop):
    with np.load(closed_loop / "neuron1_ann_20_trials.npz") as trace:
        ours = run_exact(Replayed(trace["output"]), read_neurons(closed_loop / "neuron1.csv"), 20)
        assert ours.spikes.tobytes() == trace["spikes"].tobytes()
        assert ours.positions.tobytes() == trace["position"].tobytes()
        firsts = [start for start, _ in ours.bounds]
        assert ours.targets[firsts].tobytes() == trace["target"].tobytes()
        assert ours.seconds.mean() == pytest.approx(float(trace["average_time"]), abs=1e-12)
    assert ours.succeeded.sum() == 14


def example(closed_loop):
    decoder = perceptron_decoder(read_state_dict(closed_loop / "OPS_model_state_dict.pth"))
    return run_exact(SuiteDecoder(decoder, 0.01), read_neurons(closed_loop / "neuron1.csv"), 20)


def test_examples_decoder_does_in_the_loop_what_it_did(closed_loop):
    ours = example(closed_loop)
    with np.load(closed_loop / "neuron1_ann_20_trials.npz") as trace:
        assert ours.spikes.tobytes() == trace["spikes"].tobytes()
        # Sums in torch's layers are in the order of the processor's vectors: see the next test.
        np.testing.assert_allclose(ours.positions, trace["position"], atol=2e-6)
    assert ours.succeeded.sum() == 14
    assert ours.seconds.mean() == pytest.approx(2.4235, abs=1e-12)


@pytest.mark.skipif(not torch.backends.mkl.is_available(), reason="torch is built without MKL")
def test_examples_decoder_is_the_traces_to_the_bit_with_its_order_of_sums(closed_loop):
    environment = {**os.environ, "MKL_ENABLE_INSTRUCTIONS": "SSE4_2"}
    done = subprocess.run(
        [sys.executable, __file__, str(closed_loop)], env=environment, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()


def test_settings_count_steps_as_the_original_compares_seconds():
    settings = LoopSettings()
    assert (settings.hold_steps, settings.most_steps) == (50, 300)
    assert replace(settings, longest=0.57).most_steps == 57


if __name__ == "__main__":
    ours = example(Path(sys.argv[1]))
    with np.load(Path(sys.argv[1]) / "neuron1_ann_20_trials.npz") as recorded:
        assert ours.positions.tobytes() == recorded["position"].tobytes()
        assert ours.outputs.tobytes() == recorded["output"].tobytes()
