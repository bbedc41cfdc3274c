"""Grids and random draws."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from nbsuite.sweep.search import Interval, Variant, grid_variants, random_variants

BOUNDS = st.tuples(st.integers(1, 1000), st.integers(1, 1000)).map(sorted)


def test_a_grid_is_every_combination() -> None:
    found = grid_variants({"training.lr": [0.1, 0.2], "training.batch": [1, 2, 2]})
    assert [each.settings for each in found] == [
        (f"training.lr={lr}", f"training.batch={batch}") for lr in (0.1, 0.2) for batch in (1, 2)
    ]


@given(BOUNDS, st.booleans(), st.booleans(), st.integers(0, 5))
def test_draws_are_within_their_bounds(
    bounds: list[int], log: bool, whole: bool, seed: int
) -> None:
    low, high = bounds
    space = {"training.batch": Interval(low, high, log, whole)}
    for variant in random_variants(space, 20, seed):
        value = float(variant.settings[0].partition("=")[2])
        assert low <= value <= high
        assert not whole or value == int(value)


def test_a_larger_count_adds_draws() -> None:
    space = {"training.lr": Interval(1e-4, 1e-1, log=True), "loss.name": ["rmse", "mse"]}
    some, more = random_variants(space, 5, 1), random_variants(space, 9, 1)
    assert more[:5] == some
    assert random_variants(space, 5, 2) != some


def test_draws_spread_evenly() -> None:
    values = [
        float(each.settings[0].partition("=")[2])
        for each in random_variants({"a.b": Interval(1e-4, 1.0, log=True)}, 400, 1)
    ]
    mean = sum(map(math.log10, values)) / len(values)
    assert abs(mean + 2) < 0.25  # four standard errors of a uniform draw over four decades
    whole = [
        each.settings[0] for each in random_variants({"a.b": Interval(1, 3, whole=True)}, 60, 1)
    ]
    assert sorted(whole) == ["a.b=1", "a.b=2", "a.b=3"]


def test_names_are_names_of_folders() -> None:
    long = [Variant(tuple(f"section.name{n}={v}" for n in range(20))).name for v in (1, 2)]
    assert len(set(long)) == 2
    assert all(len(name) < 130 for name in long)
    assert Variant(("loss.name=../x",)).name == "loss.name=..-x"
