"""The delays are those of the equations: input to spike 3 steps, input to readout 5."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsuite.benchmarking.delay import measure_delay
from tests.models.random_decoders import random_decoder

DrawDecoder = Callable[..., Any]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@given(seed=st.integers(0, 1000), heads=st.integers(1, 5), sparsity=st.floats(0.0, 0.8))
@settings(max_examples=8)
def test_the_equations_delays(
    draw_decoder: DrawDecoder, dtype: str, seed: int, heads: int, sparsity: float
) -> None:
    decoder = draw_decoder(channels=9, neurons=8, heads=heads, seed=seed, dtype=dtype)
    random = torch.Generator().manual_seed(seed)
    kept = torch.rand(decoder.input.weight.shape, generator=random) >= sparsity
    kept[0] = True
    with torch.no_grad():
        decoder.input.weight.mul_(kept)
    before = {name: value.clone() for name, value in decoder.state_dict().items()}
    assert measure_delay(decoder) == (3, 5)
    after = decoder.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_a_reference_run_answers_as_late(draw_decoder: DrawDecoder) -> None:
    """An impulse into the layers themselves, with weights that let it through."""
    decoder = draw_decoder(dtype="float64")
    with torch.no_grad():
        decoder.input.weight.fill_(1.0)
        spikes = torch.zeros(20, 2, 96)
        spikes[7, 1] = 1
        decoded = decoder(spikes)
    differs = [
        int((each[:, 0] != each[:, 1]).any(dim=1).nonzero()[0]) - 7
        for each in (decoded.spikes, decoded.outputs)
    ]
    assert tuple(differs) == measure_delay(decoder)


def test_what_is_cut_off_never_answers(draw_decoder: DrawDecoder) -> None:
    decoder = draw_decoder()
    with torch.no_grad():
        decoder.output[0].weight.zero_()
    assert measure_delay(decoder) == (3, None)
    with torch.no_grad():
        decoder.input.weight.zero_()
    assert measure_delay(decoder) == (None, None)


@pytest.mark.parametrize(
    ("name", "due"), [("SNN2", 0), ("SNN3", 1), ("ANN2D", 0), ("ANN3D", 1), ("linear", 0)]
)
def test_other_decoders_delays(name: str, due: int) -> None:
    """SNN3 and ANN3D see the newest sample a step later, see docs/baselines.md."""
    delay = measure_delay(random_decoder(name))
    assert delay.readout == due
    assert delay.hidden == (0 if name == "SNN2" else None)
