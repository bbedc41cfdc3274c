"""Steps a second in the closed loop, beside a transcription of the original's loop.

python benchmarks/closed_loop.py [--threads 2] [--trials 4000]

The decoders' weights are arbitrary: a tinyRSNN's, and those of the example's perceptron. Each ratio
is between what the same machine does within a minute.
"""

from __future__ import annotations

import argparse
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import torch

from nbsuite.closed_loop.decoders import DecoderRules, SuiteDecoder
from nbsuite.closed_loop.exact import run_exact
from nbsuite.closed_loop.fast import run_fast
from nbsuite.closed_loop.neurons import TunedNeurons, draw_neurons
from nbsuite.closed_loop.perceptron import Perceptron, perceptron_decoder
from nbsuite.models.rsnn import RecurrentDecoder
from nbsuite.models.spec import ModelSpec
from nbsuite.neurons.kernels.threads import kernel_threads

sys.path.insert(0, str(Path(__file__).parent))
from closed_loop_original import run

NEURONS = 96
TINY = ModelSpec("tinyRSNN", NEURONS, 64, hidden=(0.02, 0.01), readouts=((0.05, 0.01),), step=0.01)


def main() -> None:
    """Measure, and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--trials", type=int, default=4000)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    neurons = draw_neurons(NEURONS, 0)
    perceptron = perceptron_decoder(Perceptron(NEURONS).state_dict())
    tiny = RecurrentDecoder(TINY)
    _compare("perceptron", SuiteDecoder(perceptron, 0.01), neurons)
    decoder = SuiteDecoder(tiny, 0.01, DecoderRules(reset=True))
    original = _compare("tinyRSNN", decoder, neurons)
    run_fast(decoder, neurons, 1)  # compiles
    before = _peak()
    with kernel_threads(arguments.threads):
        speed = _speed(
            lambda: len(run_fast(decoder, neurons, arguments.trials, keep_spikes=False).counts)
        )
    print(
        f"tinyRSNN, fast mode, {arguments.threads} threads: {speed:,.0f} steps/s, "
        f"{speed / original:,.0f} times; {arguments.trials:,} trials took {_peak() - before:.0f} "
        f"MiB more, {_peak():.0f} MiB in all"
    )


def _compare(name: str, decoder: SuiteDecoder, neurons: TunedNeurons) -> float:
    """Print the exact mode's speed; returns the transcription's steps a second."""
    rows = [
        (float(x), float(y), float(low), float(high))
        for (x, y), low, high in zip(neurons.preferred, neurons.low, neurons.high, strict=True)
    ]

    def decode(spikes: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(decoder.step(spikes.numpy()))

    run_exact(decoder, neurons, 1)
    original = max(_speed(lambda: len(run(decode, rows, 1).spikes)) for _ in range(3))
    exact = max(_speed(lambda: len(run_exact(decoder, neurons, 20).counts)) for _ in range(3))
    print(
        f"{name}, transcription of the original: {original:,.0f} steps/s; exact mode: "
        f"{exact:,.0f} steps/s, {exact / original:.0f} times"
    )
    return original


def _speed(work: Callable[[], int]) -> float:
    start = perf_counter()
    steps = work()
    return steps / (perf_counter() - start)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
