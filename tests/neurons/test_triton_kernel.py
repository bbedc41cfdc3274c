"""The triton kernel against the reference: in Triton's interpreter, and as compiled.

There need be no GPU: ``conftest`` asks for the interpreter, which runs a kernel's Python on the
CPU. What a GPU would run is compiled and emulated in another process, see ``compiled_kernel``.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nbsuite.errors import UsageError
from nbsuite.neurons.dropout import NO_DROPOUT, Dropout, dropout_mask
from nbsuite.training.epochs import EpochPlan, run_epoch
from nbsuite.training.families import find_family
from nbsuite.training.overrides import override
from nbsuite.training.smorms3 import SMORMS3
from nbsuite.training.windows import TrainingWindows
from tests.neurons.test_training_kernel import (
    gradients,
    largest_difference,
    make_decoder,
    make_events,
)

pytest.importorskip("triton", reason="triton is not installed; it exists for Linux only")
from nbsuite.neurons.kernels.gpu.inputs import dense_windows

problems = {
    "channels": st.integers(1, 12),
    "neurons": st.integers(1, 40),
    "heads": st.integers(1, 3),
    "windows": st.integers(1, 3),
    "steps": st.integers(1, 10),
    "rates": st.sampled_from([(0, 0), (0.3, 0.3), (0.5, 0), (0, 0.8)]),
}
SHARED_BYTES = 48 * 1024  # what a program gets on every GPU without asking for more


def solve_both(dtype, channels, neurons, heads, windows, steps, rates, seed):
    events = make_events(channels, steps + 60, seed, share=0.4)
    starts = np.random.default_rng(seed).integers(0, 60, windows)
    decoder = make_decoder(channels, neurons, heads, seed, dtype)
    problem = (decoder, events, starts, steps, Dropout(*rates, key=seed))
    return gradients(*problem, "triton"), gradients(*problem, "reference")


@given(**problems, seed=st.integers(0, 2**32))
@settings(max_examples=15)
def test_gradients_in_double_precision(**problem):
    (loss, counts, found), (true_loss, true_counts, expected) = solve_both(torch.float64, **problem)
    assert float(loss) == pytest.approx(float(true_loss), rel=1e-10, abs=1e-12)
    assert torch.equal(counts, true_counts)
    assert largest_difference(found, expected) < 1e-10


# Few seeds: with all of them to choose from, hypothesis finds gradients that cancel to nothing.
@given(**problems, seed=st.integers(0, 3))
@settings(max_examples=8)
def test_gradients_in_single_precision(**problem):
    (loss, counts, found), (true_loss, true_counts, expected) = solve_both(torch.float32, **problem)
    # Rounding moves a membrane potential across the threshold once in a long while.
    assume(bool((counts == true_counts).all()))
    assert float(loss) == pytest.approx(float(true_loss), rel=1e-4, abs=1e-5)
    assert largest_difference(found, expected) < 1e-5


def test_neurons_fire_in_these_tests():
    decoder, events = make_decoder(8, 30, 1, seed=1), make_events(8, 100, seed=1, share=0.4)
    with torch.no_grad():
        decoded = decoder.decode_windows(events, np.array([0, 40]), 10, kernel="triton")
    assert 0.01 < float(decoded.counts.mean()) / 10 < 0.5
    assert not decoded.outputs.requires_grad


def test_the_same_batch_gives_the_same_bits():
    problem = (
        make_decoder(8, 40, 2, seed=2, dtype=torch.float32),
        make_events(8, 60, seed=2, share=0.4),
        np.arange(5),
        10,
        Dropout(0.3, 0.3, 9),
        "triton",
    )
    (first, _, once), (second, _, again) = gradients(*problem), gradients(*problem)
    assert float(first) == float(second)
    assert all(torch.equal(*pair) for pair in zip(once, again, strict=True))


def test_weights_that_are_no_block_of_memory():
    decoder, events = make_decoder(8, 20, 1, seed=3), make_events(8, 60, seed=3, share=0.4)
    expected = gradients(decoder, events, np.arange(2), 8, NO_DROPOUT, "triton")[2]
    recurrent = decoder.hidden.recurrent
    recurrent.weight = torch.nn.Parameter(recurrent.weight.detach().t().contiguous().t())
    assert not recurrent.weight.is_contiguous()
    found = gradients(decoder, events, np.arange(2), 8, NO_DROPOUT, "triton")[2]
    assert all(torch.equal(*pair) for pair in zip(found, expected, strict=True))


@pytest.mark.parametrize("channels", [1, 9])
@pytest.mark.parametrize("rate", [0.0, 0.4])
def test_input_windows_are_the_dense_ones_under_the_mask(channels, rate):
    events, starts = make_events(channels, 50, seed=4), np.array([7, 0, 30, 7])
    dropout, like = Dropout(rate, 0, key=5).of_input(), torch.zeros(1, dtype=torch.float64)
    mask = dropout_mask(dropout, 20, len(starts), channels, like) > 0
    dense = torch.from_numpy(events.dense(starts, 20))
    found = dense_windows(events, starts, 20, dropout, like)
    assert torch.equal(found, (dense * mask).double())


def test_silent_input_windows():
    events = make_events(3, 50, seed=1, share=0)
    found = dense_windows(events, np.array([1]), 9, NO_DROPOUT.of_input(), torch.zeros(1))
    assert found.shape == (9, 1, 3)
    assert not found.any()


def test_what_the_kernel_does_not_take():
    decoder, events = make_decoder(8, 30, 1, seed=6), make_events(8, 60, seed=6)
    with pytest.raises(UsageError, match="do not all lie within 60 samples"):
        decoder.decode_windows(events, np.array([0, 51]), 10, kernel="triton")
    with pytest.raises(UsageError, match=r"float32 or float64, not in torch\.float16"):
        decoder.half().decode_windows(events, np.array([0]), 10, kernel="triton")
    large = make_decoder(8, 129, 1, seed=6, dtype=torch.float32)
    with pytest.raises(UsageError, match=r"at most 128 neurons in torch\.float32, not 129"):
        large.decode_windows(events, np.array([0]), 10, kernel="triton")


def test_an_epoch_is_that_of_the_reference():
    recipe = override(find_family("tinyRSNN").recipe, ["training.batch=3"])
    labels = np.random.default_rng(7).normal(size=(60, 2)).astype(np.float32)
    windows = TrainingWindows(
        make_events(8, 60, 7, share=0.4), labels, np.arange(5) * 10, 10, 0.004
    )
    figures = []
    for kernel in ("triton", "reference"):
        decoder = make_decoder(8, 20, 1, seed=7)
        plan = EpochPlan(recipe, 0.002, 1, ("finetune", 0), kernel)
        epoch = run_epoch(decoder, SMORMS3(decoder.parameters()), windows, plan)
        figures.append([epoch.loss, epoch.penalty, epoch.train_r2, epoch.spikes_per_second])
    assert figures[0] == pytest.approx(figures[1], rel=1e-9)


def compile_kernels(folder, *arguments):
    """What ``compiled_kernel.py`` reports."""
    environment = {key: value for key, value in os.environ.items() if key != "TRITON_INTERPRET"}
    finished = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("compiled_kernel.py")), *arguments],
        env=environment | {"TRITON_CACHE_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


def check_resources(report, architectures):
    assert {name.split()[0] for name in report["resources"]} == set(architectures)
    for name, used in report["resources"].items():
        assert used["spilled"] == 0, name
        assert used["shared"] <= SHARED_BYTES, name
        # Several programs a multiprocessor, which has 65,536 registers.
        assert used["registers"] * used["threads"] <= 65536 / 3, name


def test_the_compiled_kernel(tmp_path):
    report = compile_kernels(tmp_path, "sm_80", "sm_90")
    assert "runs on an NVIDIA GPU, not on cpu" in report["refusal"]
    assert report["race"], "the emulator overlooks a missing barrier"
    assert len(report["differences"]) == 4
    for dtype, difference in report["differences"]:
        assert difference < (1e-10 if dtype == "float64" else 1e-5)
    check_resources(report, ["sm_80", "sm_90"])


@pytest.mark.slow
def test_what_it_is_compiled_for(tmp_path):
    architectures = ["sm_80", "sm_86", "sm_89", "sm_90"]
    report = compile_kernels(tmp_path, *architectures, "--neurons", "64", "96", "128")
    check_resources(report, architectures)
