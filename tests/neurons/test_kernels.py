from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsuite.errors import UsageError
from nbsuite.models.rsnn import Decoded

SIZES = st.tuples(st.integers(1, 12), st.integers(1, 10), st.integers(1, 3), st.integers(1, 4))
DrawDecoder = Callable[..., Any]


def _spikes(steps: int, batch: int, channels: int, seed: int) -> torch.Tensor:
    random = torch.Generator().manual_seed(seed)
    return (torch.rand(steps, batch, channels, generator=random) < 0.2).to(torch.int8)


def _drawn(draw_decoder: DrawDecoder, sizes: tuple[int, ...], seed: int, dtype: str) -> Any:
    channels, neurons, heads, batch = sizes
    decoder = draw_decoder(channels=channels, neurons=neurons, heads=heads, seed=seed, dtype=dtype)
    return decoder, _spikes(60, batch, channels, seed)


def _equal(first: Decoded, second: Decoded) -> bool:
    states = [
        (getattr(a, name), getattr(b, name))
        for a, b in zip(
            (*first.state.hidden, *first.state.readouts),
            (*second.state.hidden, *second.state.readouts),
            strict=True,
        )
        for name in a._fields
    ]
    pairs = [(first.outputs, second.outputs), (first.heads, second.heads), *states]
    spikes = torch.equal(first.spikes.to(torch.int8), second.spikes.to(torch.int8))
    return spikes and all(torch.equal(a, b) for a, b in pairs)


@given(sizes=SIZES, seed=st.integers(0, 1000))
def test_numba_is_the_reference_in_float64(
    draw_decoder: DrawDecoder, sizes: tuple[int, ...], seed: int
) -> None:
    decoder, spikes = _drawn(draw_decoder, sizes, seed, "float64")
    with torch.no_grad():
        reference, fast = decoder(spikes), decoder(spikes, kernel="numba")
    assert torch.equal(reference.spikes.to(torch.int8), fast.spikes)
    assert torch.allclose(reference.outputs, fast.outputs, rtol=0, atol=1e-12)
    assert torch.allclose(
        torch.stack(reference.state.hidden[0]),
        torch.stack(fast.state.hidden[0]),
        rtol=0,
        atol=1e-10,
    )


@given(sizes=SIZES, seed=st.integers(0, 1000))
def test_numba_is_the_reference_to_the_bit_in_half_precision(
    draw_decoder: DrawDecoder, sizes: tuple[int, ...], seed: int
) -> None:
    decoder, spikes = _drawn(draw_decoder, sizes, seed, "float16")
    with torch.no_grad():
        assert _equal(decoder(spikes), decoder(spikes, kernel="numba"))


@pytest.mark.parametrize("kernel", ["numba", "reference"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@given(sizes=SIZES, seed=st.integers(0, 1000), cuts=st.lists(st.integers(1, 59), max_size=6))
@settings(max_examples=15)
def test_any_split_into_chunks_gives_what_the_whole_gives(
    draw_decoder: DrawDecoder,
    kernel: Any,
    dtype: str,
    sizes: tuple[int, ...],
    seed: int,
    cuts: list[int],
) -> None:
    decoder, spikes = _drawn(draw_decoder, sizes, seed, dtype)
    borders = sorted({0, 60, *cuts})
    with torch.no_grad():
        whole = decoder(spikes, kernel=kernel)
        parts, state = [], None
        for start, stop in pairwise(borders):
            parts.append(decoder(spikes[start:stop], state, kernel=kernel))
            state = parts[-1].state
    found = Decoded(
        *(torch.cat([getattr(part, name) for part in parts]) for name in Decoded._fields[:3]),
        parts[-1].state,
    )
    if kernel == "numba" or dtype == "float16":
        assert _equal(found, whole)
    else:  # BLAS sums in an order that depends on the chunk's length
        assert torch.equal(found.spikes, whole.spikes)
        assert torch.allclose(found.outputs, whole.outputs, rtol=0, atol=1e-5)


@pytest.mark.parametrize("kernel", ["numba", "reference"])
def test_one_sample_at_a_time_gives_what_one_call_gives(
    draw_decoder: DrawDecoder, kernel: Any
) -> None:
    decoder, spikes = draw_decoder(dtype="float64"), _spikes(300, 1, 96, 1)
    with torch.no_grad():
        whole = decoder(spikes, kernel=kernel)
        state, steps = None, []
        for sample in spikes.split(1):
            steps.append(decoder(sample, state, kernel=kernel))
            state = steps[-1].state
    assert whole.spikes.sum() > 100
    assert torch.equal(torch.cat([step.spikes for step in steps]), whole.spikes)
    found = torch.cat([step.outputs for step in steps])
    assert torch.allclose(found, whole.outputs, rtol=0, atol=1e-12)


def test_the_state_passed_in_is_left_as_it_is(draw_decoder: DrawDecoder) -> None:
    decoder, spikes = draw_decoder(), _spikes(50, 2, 96, 2)
    with torch.no_grad():
        state = decoder(spikes, kernel="numba").state
        copies = [field.clone() for field in state.hidden[0]]
        decoder(spikes, state, kernel="numba")
    assert all(torch.equal(a, b) for a, b in zip(state.hidden[0], copies, strict=True))


def test_numba_refuses_to_be_trained_through(draw_decoder: DrawDecoder) -> None:
    with pytest.raises(UsageError, match="computes no gradients"):
        draw_decoder()(_spikes(5, 1, 96, 0), kernel="numba")


@pytest.mark.parametrize("value", [1e5, -1.0, 0.5])
def test_numba_refuses_graded_input(draw_decoder: DrawDecoder, value: float) -> None:
    with torch.no_grad(), pytest.raises(UsageError, match="whole numbers of events"):
        draw_decoder()(torch.full((5, 1, 96), value), kernel="numba")


def test_an_unknown_kernel_is_refused(draw_decoder: DrawDecoder) -> None:
    with torch.no_grad(), pytest.raises(UsageError, match="No kernel is called 'cython'"):
        draw_decoder()(_spikes(5, 1, 96, 0), kernel="cython")


@pytest.mark.parametrize("dtype", ["float16", "float64"])
@given(sizes=SIZES, seed=st.integers(0, 1000), at=st.integers(0, 59), scale=st.floats(0.01, 1.0))
def test_overflow_is_the_same_with_every_kernel_and_stays(
    draw_decoder: DrawDecoder,
    dtype: str,
    sizes: tuple[int, ...],
    seed: int,
    at: int,
    scale: float,
) -> None:
    decoder, spikes = _drawn(draw_decoder, sizes, seed, dtype)
    with torch.no_grad():
        decoder.input.weight[0] = scale * torch.finfo(decoder.dtype).max
        reference, fast = decoder(spikes), decoder(spikes, kernel="numba")
        part = decoder(spikes[: at + 1], kernel="numba")
    assert torch.equal(reference.spikes.to(torch.int8), fast.spikes)
    for ours, theirs in zip(fast.state.hidden[0], reference.state.hidden[0], strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-12, atol=1e-10, equal_nan=True)
    lost = ~torch.stack(part.state.hidden[0]).isfinite().all(dim=0)
    assert not torch.stack(fast.state.hidden[0]).isfinite().all(dim=0)[lost].any()
