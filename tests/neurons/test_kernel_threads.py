"""Threads of kernels: how many there are, and that they do all the work once."""

import threading

import pytest
import torch

from nbsuite.neurons.kernels.threads import kernel_threads, number_of_threads, run_in_parallel
from nbsuite.training.compute import Compute


def test_as_many_as_torch_uses_unless_told_otherwise():
    assert number_of_threads() == torch.get_num_threads()
    with kernel_threads(5):
        assert number_of_threads() == 5
        with kernel_threads(2):
            assert number_of_threads() == 2
        assert number_of_threads() == 5
    assert number_of_threads() == torch.get_num_threads()


@pytest.mark.parametrize(("kernel", "torch_threads"), [("numba", 1), ("reference", 3)])
def test_torch_leaves_the_processors_to_the_numba_kernel(kernel, torch_threads):
    before = torch.get_num_threads()
    with Compute(kernel, threads=3).limited():
        assert (number_of_threads(), torch.get_num_threads()) == (3, torch_threads)
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("threads", [1, 2, 7])
@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_every_task_is_done_once(threads, count):
    done = []
    with kernel_threads(threads):
        run_in_parallel(done.append, count)
    assert sorted(done) == list(range(count))


def test_tasks_run_at_the_same_time():
    meeting, met = threading.Barrier(3), []
    with kernel_threads(3):
        run_in_parallel(lambda _index: met.append(meeting.wait(timeout=30)), 3)
    assert sorted(met) == [0, 1, 2]


@pytest.mark.parametrize("threads", [1, 3])
def test_what_a_task_raises_is_raised(threads):
    def fail(index):
        if index == 3:
            raise ValueError("three")

    with kernel_threads(threads), pytest.raises(ValueError, match="three"):
        run_in_parallel(fail, 5)
