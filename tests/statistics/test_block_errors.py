"""Sums over blocks: R2 of them is NeuroBench's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nbsuite.benchmarking.r2 import R2
from nbsuite.statistics.block_errors import block_errors, of_all_seeds


def _example(seed: int = 1, samples: int = 300, outputs: int = 2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.normal(3.0, 2.0, (samples, outputs))
    return labels, labels + rng.normal(0, 1.0, (samples, outputs))


@given(
    outputs=st.integers(1, 3),
    borders=st.sets(st.integers(1, 299), max_size=8),
    offset=st.sampled_from([0.0, 50.0, -1e4]),
)
def test_r2_is_neurobenchs(outputs: int, borders: set[int], offset: float) -> None:
    labels, decoded = _example(outputs=outputs)
    labels, decoded = labels + offset, decoded + offset
    official = R2()
    official(None, torch.from_numpy(decoded), (torch.empty(0), torch.from_numpy(labels)))
    found = block_errors(labels, decoded, [0, *sorted(borders)])
    assert len(found) == len(borders) + 1
    assert found.steps.sum() == 300
    assert found.r2() == pytest.approx([float(official.compute())], abs=1e-6)


def test_seeds_are_put_together() -> None:
    labels, decoded = _example()
    other = decoded + 0.3
    together = of_all_seeds([block_errors(labels, each, [0, 90, 200]) for each in (decoded, other)])
    assert together is not None
    assert repr(together) == "<BlockErrors of 2 seeds, 3 blocks, 2 outputs>"
    assert together.r2() == pytest.approx(
        [block_errors(labels, each, [0]).r2()[0] for each in (decoded, other)]
    )


@pytest.mark.parametrize("borders", [[0, 91, 200], [0, 90]])
def test_seeds_on_other_data_are_not(borders: list[int]) -> None:
    labels, decoded = _example()
    one = block_errors(labels, decoded, [0, 90, 200])
    assert of_all_seeds([one, block_errors(labels, decoded, borders)]) is None
    assert of_all_seeds([one, replace(one, squares=one.squares * 1.01)]) is None
    assert of_all_seeds([one, replace(one, squares=one.squares * (1 + 1e-9))]) is not None


def test_data_in_small_units_are_told_apart() -> None:
    labels, decoded = _example()
    one, other = (block_errors(1e-6 * each, decoded, [0, 90, 200]) for each in (labels, decoded))
    assert one.same_data(one)
    assert not one.same_data(other)
