from __future__ import annotations

import numpy as np
import pytest

from nbsuite.closed_loop.neurons import draw_neurons, read_neurons
from nbsuite.closed_loop.settings import LoopSettings
from nbsuite.errors import DataError, UsageError


def test_neurons_are_read(tmp_path):
    path = tmp_path / "neurons.csv"
    path.write_text("1.0,0.0,2.5,80\n\n0,-1,0,55.5\n")
    neurons = read_neurons(path)
    assert len(neurons) == 2
    assert neurons.preferred.tolist() == [[1, 0], [0, -1]]
    assert neurons.low.tolist() == [2.5, 0]
    assert neurons.high.tolist() == [80, 55.5]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "has no neurons"),
        ("1,0,2\n", "has 3 columns in line 1"),
        ("1,0,2,50\n1,0,2,50,7\n", "has 5 columns in line 2"),
        ("x,y,low,high\n", "has something that is no number in line 1"),
        ("1,0,nan,50\n", "has a number that is not finite in line 1"),
        ("1,0,0,inf\n", "has a number that is not finite in line 1"),
        ("1,0,60,50\n", "has rates of 60 and 50 Hz in line 1, which do not rise from 0 or more"),
        ("1,0,-1,50\n", "has rates of -1 and 50 Hz in line 1, which do not rise from 0 or more"),
        ("1e9,0,1,50\n", "has a preferred direction out of all bounds in line 1"),
        ("1,0,1,50\n" * 5000, "has more than 4,096 neurons"),
    ],
)
def test_what_is_no_list_of_neurons_is_refused(tmp_path, text, fault):
    path = tmp_path / "neurons.csv"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        read_neurons(path)
    assert str(caught.value) == (
        f"{path} {fault}; give rows of four numbers: preferred direction x, y, lowest and highest "
        "rate in Hz."
    )


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_neurons(tmp_path / "none.csv")


def test_drawn_neurons_are_like_the_originals():
    neurons = draw_neurons(4000, 1)
    np.testing.assert_allclose(np.linalg.norm(neurons.preferred, axis=1), 1, rtol=1e-6)
    assert np.abs(neurons.preferred.mean(axis=0)).max() < 0.05
    assert 0.45 < (neurons.low == 0).mean() < 0.55
    assert 40 <= neurons.high.min() < neurons.high.max() <= 100
    assert neurons.low.max() <= 5


def test_the_first_neurons_do_not_depend_on_how_many_there_are():
    assert draw_neurons(4, 9).high.tolist() == draw_neurons(7, 9).high[:4].tolist()
    assert draw_neurons(4, 9).high.tolist() != draw_neurons(4, 8).high.tolist()


@pytest.mark.parametrize("count", [0, -1, 5000])
def test_impossible_numbers_of_neurons_are_refused(count):
    with pytest.raises(UsageError, match="cannot be drawn"):
        draw_neurons(count, 0)


@pytest.mark.parametrize(
    "values",
    [
        {"step": 0.0},
        {"target_size": float("nan")},
        {"hold": 4.0},
        {"delay_steps": -1},
        {"delay_steps": 301},
        {"dropped": 1.5},
        {"jump_step": 300},
        {"longest": 1e9},
    ],
)
def test_impossible_loops_are_refused(values):
    with pytest.raises(UsageError):
        LoopSettings(**values)
