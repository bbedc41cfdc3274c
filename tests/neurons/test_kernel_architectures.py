"""The numba kernel on every architecture that it runs, against the reference."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsuite.errors import UsageError
from nbsuite.neurons.dropout import Dropout
from nbsuite.spike_events import SpikeEvents
from tests.neurons.test_training_kernel import gradients, largest_difference, make_decoder

architectures = st.fixed_dictionaries(
    {
        "layers": st.integers(1, 3),
        "recurrent": st.booleans(),
        "cell": st.sampled_from(["lif", "adaptive"]),
        "outputs": st.integers(1, 5),
        "step": st.sampled_from([0.004, 0.01]),
    }
)


def make_counts(channels, steps, seed, most):
    """Samples (steps, channels) whose channels have up to so many events."""
    rng = np.random.default_rng(seed)
    return (rng.random((steps, channels)) < 0.2) * rng.integers(1, most + 1, (steps, channels))


def make_busy(channels, neurons, heads, seed, **architecture):
    """A decoder all of whose layers fire."""
    decoder = make_decoder(channels, neurons, heads, seed, **architecture)
    with torch.no_grad():
        for connection, layer in decoder.layers()[1:]:
            connection.weight.mul_(2)
            if layer.cell.adapts:
                layer.strength.add_(2)
    return decoder


@given(
    architecture=architectures,
    channels=st.integers(1, 12),
    neurons=st.integers(1, 20) | st.integers(60, 70),
    heads=st.integers(1, 3),
    windows=st.integers(1, 5) | st.just(34),
    steps=st.integers(1, 30),
    rates=st.sampled_from([(0, 0), (0.3, 0.3), (0.5, 0), (0, 0.8)]),
    most=st.integers(1, 4),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=50)
def test_gradients(architecture, channels, neurons, heads, windows, steps, rates, most, seed):
    events = SpikeEvents.from_dense(make_counts(channels, steps + 20, seed, most))
    starts = np.random.default_rng(seed).integers(0, 20, windows)
    decoder = make_busy(channels, neurons, heads, seed, **architecture)
    problem = (decoder, events, starts, steps, Dropout(*rates, key=seed))
    loss, counts, found = gradients(*problem, "numba")
    found = [gradient.clone() for gradient in found]
    true_loss, true_counts, expected = gradients(*problem, "reference")
    assert float(loss) == pytest.approx(float(true_loss), rel=1e-10, abs=1e-12)
    torch.testing.assert_close(counts, true_counts, rtol=0, atol=0)
    assert counts.shape == (windows, neurons * architecture["layers"])
    assert largest_difference(found, expected) < 1e-10


@pytest.mark.parametrize("recurrent", [True, False])
@pytest.mark.parametrize("cell", ["lif", "adaptive"])
def test_every_layer_fires_in_these_tests_and_learns(cell, recurrent):
    events = SpikeEvents.from_dense(make_counts(8, 100, 1, 2))
    decoder = make_busy(8, 20, 2, 1, layers=3, cell=cell, recurrent=recurrent)
    starts = np.arange(20)
    _, counts, found = gradients(decoder, events, starts, 80, Dropout(0.3, 0.3, 1), "numba")
    for layer in counts.unflatten(1, (3, 20)).unbind(dim=1):
        assert 0.01 < float(layer.mean()) / 80 < 0.3
    assert all(bool((gradient != 0).any()) for gradient in found)


def test_threads_do_not_change_a_bit_of_two_adaptive_layers():
    events = SpikeEvents.from_dense(make_counts(8, 100, 2, 1))
    decoder = make_busy(8, 20, 2, 1, layers=2, cell="adaptive")
    problem = (decoder, events, np.arange(40), 50, Dropout(0.3, 0.3, 9), "numba")
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone = [gradient.clone() for gradient in gradients(*problem)[2]]
        torch.set_num_threads(3)
        together = gradients(*problem)[2]
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(*pair) for pair in zip(alone, together, strict=True))


def flat(decoded):
    """Everything that is decoded, and the state after it."""
    state = (*decoded.state.hidden, *decoded.state.readouts)
    return [decoded.outputs, decoded.heads, *(field for each in state for field in each)]


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
@given(
    architecture=architectures,
    neurons=st.integers(1, 12),
    heads=st.integers(1, 3),
    most=st.sampled_from([1, 3, 300]),
    cut=st.integers(1, 59),
    seed=st.integers(0, 1000),
)
@settings(max_examples=25)
def test_inference(dtype, architecture, neurons, heads, most, cut, seed):
    """Half precision is the reference's to the bit, in whole and in chunks."""
    decoder = make_busy(6, neurons, heads, seed, **architecture).to(dtype)
    spikes = torch.from_numpy(make_counts(6, 120, seed, most)).unflatten(0, (60, 2))
    with torch.no_grad():
        due, found = decoder(spikes), decoder(spikes, kernel="numba")
        first = decoder(spikes[:cut], kernel="numba")
        second = decoder(spikes[cut:], first.state, kernel="numba")
    assert torch.equal(found.spikes, due.spikes.to(torch.int8))
    assert torch.equal(torch.cat([first.spikes, second.spikes]), found.spikes)
    tolerance = 0 if dtype == torch.float16 else 1e-10
    for ours, theirs in zip(flat(found), flat(due), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance, equal_nan=True)
    for ours, theirs in zip(flat(second)[2:], flat(found)[2:], strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0, equal_nan=True)


def test_a_cell_that_it_does_not_run():
    events = SpikeEvents.from_dense(make_counts(8, 60, 1, 1))
    decoder = make_decoder(8, 20, 1, 1, cell="stock")
    assert decoder.kernels == ("reference",)
    with pytest.raises(UsageError, match="does not run neurons of the cell 'stock'; use the ref"):
        decoder.decode_windows(events, np.array([0]), 10, kernel="numba")
    with torch.no_grad(), pytest.raises(UsageError, match="the cell 'stock'"):
        decoder(torch.zeros(5, 1, 8), kernel="numba")
    gradients(decoder, events, np.array([0]), 10, Dropout(0.3, 0.3, 1), "reference")


@pytest.mark.parametrize("events", [-1, 0.5, 32_768])
def test_events_that_cannot_be_counted(events):
    decoder = make_decoder(8, 20, 1, 1)
    with torch.no_grad(), pytest.raises(UsageError, match="whole numbers of events, 0 to 32,767"):
        decoder(torch.full((5, 1, 8), events), kernel="numba")
