from __future__ import annotations

import numpy as np
import pytest
import torch

from nbsuite.benchmarking.runner import run_benchmark, run_per_step
from nbsuite.closed_loop.decoders import DecoderRules, SuiteDecoder
from nbsuite.closed_loop.exact import run_exact
from nbsuite.closed_loop.fast import run_fast
from nbsuite.closed_loop.neurons import draw_neurons, read_neurons
from nbsuite.closed_loop.perceptron import Perceptron, perceptron_decoder
from nbsuite.closed_loop.settings import LoopSettings
from nbsuite.closed_loop.workload import measure_workload
from nbsuite.conversions.torch_file import read_state_dict
from nbsuite.models.rsnn import RecurrentDecoder
from nbsuite.models.spec import ModelSpec

METRICS = ("footprint", "connection_sparsity", "activation_sparsity", "synaptic_operations")
SETTINGS = LoopSettings(longest=0.6)


class Samples:
    """Spikes as the benchmark takes them."""

    def __init__(self, spikes, restarts=()):
        self.spikes, self.restarts = spikes, restarts

    def __len__(self):
        return len(self.spikes)

    def __getitems__(self, indices):
        spikes = torch.from_numpy(self.spikes[indices[0] : indices[-1] + 1])
        return spikes[:, None], torch.zeros(len(indices), 2)


def recurrent():
    torch.manual_seed(3)
    decoder = RecurrentDecoder(
        ModelSpec("small", 10, 8, hidden=(0.02, 0.01), readouts=((0.05, 0.01),), step=0.01)
    )
    with torch.no_grad():
        decoder.input.weight.mul_(6)
    return decoder


def perceptron():
    torch.manual_seed(3)
    return perceptron_decoder(Perceptron(10).state_dict())


@pytest.mark.parametrize("build", [recurrent, perceptron])
@pytest.mark.parametrize("reset", [False, True])
def test_figures_are_those_of_a_benchmark_of_the_same_spikes(build, reset):
    decoder = build()
    loop = SuiteDecoder(decoder, 0.01, DecoderRules(reset=reset))
    trials = run_exact(loop, draw_neurons(10, 1), 3, SETTINGS)
    found = measure_workload(decoder, trials, reset=reset)
    spikes = trials.unpacked_spikes()
    restarts = tuple(start for start, _ in trials.bounds[1:]) if reset else ()
    for run in (run_benchmark, run_per_step):
        values = run(build(), Samples(spikes, restarts), metrics=METRICS).values
        assert found.footprint == values["footprint"]
        assert found.connection_sparsity == values["connection_sparsity"]
        assert found.per_step.dense == pytest.approx(values["dense"], rel=1e-12)
        assert found.per_step.macs == pytest.approx(values["macs"], rel=1e-12)
        assert found.per_step.acs == pytest.approx(values["acs"], rel=1e-12)
        steps = len(spikes) / 3
        assert found.per_trial.dense == pytest.approx(values["dense"] * steps, rel=1e-12)


def test_every_trial_counts_alike_in_activation_sparsity():
    decoder = recurrent()
    loop = SuiteDecoder(decoder, 0.01, DecoderRules(reset=True))
    trials = run_fast(loop, draw_neurons(10, 1), 4, SETTINGS)
    spikes = trials.unpacked_spikes()
    each = [
        run_benchmark(recurrent(), Samples(spikes[start:stop]), metrics=METRICS).values[
            "activation_sparsity"
        ]
        for start, stop in trials.bounds
    ]
    found = measure_workload(decoder, trials, reset=True).activation_sparsity
    assert 0 < found < 1
    assert found == pytest.approx(np.mean(each), rel=1e-12)


def test_is_what_the_original_printed(shared):
    folder = shared / "closed_loop"
    decoder = perceptron_decoder(read_state_dict(folder / "OPS_model_state_dict.pth"))
    trials = run_exact(SuiteDecoder(decoder, 0.01), read_neurons(folder / "neuron1.csv"), 20)
    found = measure_workload(decoder, trials, reset=False)
    assert found.footprint == 9816
    assert found.connection_sparsity == 0
    assert found.activation_sparsity == pytest.approx(0.8216145321478828, abs=1e-12)
    assert found.per_trial.macs == pytest.approx(24161.1, abs=1e-6)
    assert found.per_trial.acs == pytest.approx(96916.8, abs=1e-6)
    assert found.per_trial.dense == pytest.approx(511843.2, abs=1e-6)
    assert found.per_step.dense == pytest.approx(2112)
