"""One sample at a time gives what the whole gives, to the bit."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nbsuite.errors import DecoderError, UsageError
from nbsuite.models.checkpoint import CheckpointHeader, load_checkpoint, save_checkpoint
from nbsuite.models.factory import load_factory
from nbsuite.models.rsnn import RecurrentDecoder
from nbsuite.models.spec import ModelSpec
from nbsuite.models.streaming import StreamingDecoder
from tests.models.random_decoders import NAMES, random_decoder, random_spikes

SIZES = st.tuples(st.integers(1, 12), st.integers(1, 10), st.integers(1, 5))
DTYPES = ("float16", "float32", "float64")
STEPS = 60
FOLDER = Path(__file__).parents[1] / "own_decoders"
DrawDecoder = Callable[..., Any]


def _spikes(steps: int, channels: int, seed: int) -> NDArray[np.int8]:
    return (np.random.default_rng(seed).random((steps, channels)) < 0.2).astype(np.int8)


def _at_once(decoder: Any, spikes: NDArray[np.int8], kernel: str) -> tuple[Any, Any]:
    """Velocity and hidden spikes of one call."""
    with torch.no_grad():
        decoded = decoder(torch.from_numpy(spikes)[:, None], kernel=kernel)
    return decoded.outputs[:, 0].numpy(), decoded.spikes[:, 0].to(torch.int8).numpy()


def _stepwise(decoder: StreamingDecoder, spikes: NDArray[Any]) -> tuple[Any, Any]:
    pairs = [(decoder.step(sample), decoder.hidden_spikes) for sample in spikes]
    velocity, hidden = zip(*pairs, strict=True)
    return np.stack(velocity), np.stack(hidden)


def _same(first: tuple[Any, Any], second: tuple[Any, Any]) -> bool:
    """Equal in every bit and in dtype."""
    return all(
        a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
        for a, b in zip(first, second, strict=True)
    )


@pytest.mark.parametrize("dtype", DTYPES)
@given(sizes=SIZES, seed=st.integers(0, 1000), before=st.integers(0, 20))
@settings(max_examples=25)
def test_steps_give_what_the_whole_gives(
    draw_decoder: DrawDecoder, dtype: str, sizes: tuple[int, ...], seed: int, before: int
) -> None:
    channels, neurons, heads = sizes
    decoder = draw_decoder(channels=channels, neurons=neurons, heads=heads, seed=seed, dtype=dtype)
    spikes = _spikes(STEPS, channels, seed)
    streaming = StreamingDecoder(decoder)
    for sample in spikes[STEPS - before :]:
        streaming.step(sample)
    streaming.reset()
    found = _stepwise(streaming, spikes)
    assert _same(found, _at_once(decoder, spikes, "numba"))
    if dtype == "float16":
        assert _same(found, _at_once(decoder, spikes, "reference"))


def test_published_sizes_are_active_and_agree(draw_decoder: DrawDecoder) -> None:
    decoder, spikes = draw_decoder(dtype="float16"), _spikes(300, 96, 1)
    found = _stepwise(StreamingDecoder(decoder), spikes)
    assert found[1].sum() > 100
    assert _same(found, _at_once(decoder, spikes, "numba"))


@pytest.mark.parametrize("dtype", [np.bool_, np.int8, np.uint8, np.int64, np.float32, np.float64])
def test_spikes_of_any_dtype(draw_decoder: DrawDecoder, dtype: Any) -> None:
    decoder, spikes = draw_decoder(), _spikes(STEPS, 96, 2)
    found = _stepwise(StreamingDecoder(decoder), spikes.astype(dtype))
    assert _same(found, _at_once(decoder, spikes, "numba"))


def test_two_decoders_of_one_network_are_independent(draw_decoder: DrawDecoder) -> None:
    decoder = draw_decoder()
    first, second = _spikes(STEPS, 96, 3), _spikes(STEPS, 96, 4)
    one, other = StreamingDecoder(decoder), StreamingDecoder(decoder)
    pairs = [(one.step(a), other.step(b)) for a, b in zip(first, second, strict=True)]
    for index, spikes in enumerate((first, second)):
        found = np.stack([pair[index] for pair in pairs])
        assert np.array_equal(found, _at_once(decoder, spikes, "numba")[0])


def test_velocities_are_the_callers_own(draw_decoder: DrawDecoder) -> None:
    decoder = StreamingDecoder(draw_decoder())
    first = decoder.step(np.ones(96))
    kept, spikes = first.copy(), decoder.hidden_spikes
    first[:] = 100
    spikes[:] = 1
    decoder.step(np.ones(96))
    decoder.reset()
    assert np.array_equal(decoder.step(np.ones(96)), kept)
    assert not decoder.hidden_spikes.any()


def test_weights_are_those_at_the_time(draw_decoder: DrawDecoder) -> None:
    decoder, spikes = draw_decoder(), _spikes(STEPS, 96, 5)
    expected = _at_once(decoder, spikes, "numba")
    streaming = StreamingDecoder(decoder)
    with torch.no_grad():
        for parameter in decoder.parameters():
            parameter.zero_()
    assert _same(_stepwise(streaming, spikes), expected)


@pytest.mark.parametrize("shape", [(95,), (1, 96), (96, 1), ()])
def test_samples_of_another_shape_are_refused(draw_decoder: DrawDecoder, shape: Any) -> None:
    with pytest.raises(UsageError, match=r"one sample of shape \(96,\) a step"):
        StreamingDecoder(draw_decoder()).step(np.zeros(shape))


@pytest.mark.parametrize("value", [40_000, -1, 0.5, np.nan, 1j, "1", None])
def test_other_than_spikes_is_refused_and_changes_nothing(
    draw_decoder: DrawDecoder, value: Any
) -> None:
    decoder, spikes = draw_decoder(), _spikes(20, 96, 6)
    streaming = StreamingDecoder(decoder)
    found = []
    for sample in spikes:
        with pytest.raises(UsageError, match="pass whole numbers from 0 to 32,767"):
            streaming.step(np.full(96, value))
        found.append(streaming.step(sample))
    assert np.array_equal(np.stack(found), _at_once(decoder, spikes, "numba")[0])


def test_checkpoints_are_streamed(tmp_path: Path, draw_decoder: DrawDecoder) -> None:
    decoder, spikes = draw_decoder(dtype="float16"), _spikes(STEPS, 96, 7)
    path = tmp_path / "tiny.safetensors"
    save_checkpoint(path, decoder, CheckpointHeader(decoder.spec))
    expected = _at_once(decoder, spikes, "numba")
    for source in (path, str(path), load_checkpoint(path)):
        assert _same(_stepwise(StreamingDecoder(source), spikes), expected)


@pytest.mark.parametrize("name", NAMES)
def test_any_decoder_is_streamed(tmp_path: Path, name: str) -> None:
    decoder, spikes = random_decoder(name), random_spikes(120)
    path = tmp_path / "other.safetensors"
    save_checkpoint(path, decoder, CheckpointHeader(decoder.spec))
    streaming, due = StreamingDecoder(path), decoder.decode(spikes)
    for _ in range(2):
        found = [(streaming.step(sample), streaming.hidden_spikes) for sample in spikes.numpy()]
        assert np.array_equal(np.stack([outputs for outputs, _ in found]), due.outputs)
        if due.spikes is not None:
            assert np.array_equal(np.stack([hidden for _, hidden in found]), due.spikes)
        streaming.reset()
    assert (streaming.hidden_spikes is None) == (due.spikes is None)


def test_counts_are_streamed_where_a_decoder_takes_them() -> None:
    decoder = random_decoder("linear")
    counts = 3 * random_spikes(60).to(torch.int16)
    streaming = StreamingDecoder(decoder)
    found = np.stack([streaming.step(sample) for sample in counts.numpy()])
    assert np.array_equal(found, decoder.decode(counts).outputs)
    with pytest.raises(UsageError, match="whole numbers from 0 to 32,767"):
        streaming.step(np.full(20, 0.5))


def test_other_channels_than_a_checkpoint_has_are_refused(draw_decoder: DrawDecoder) -> None:
    decoder = draw_decoder()
    assert StreamingDecoder(decoder, channels=96).spec is decoder.spec
    with pytest.raises(UsageError, match="tinyRSNN takes 96 channels, not 95; leave out"):
        StreamingDecoder(decoder, channels=95)


def test_a_decoder_elsewhere_is_refused(draw_decoder: DrawDecoder) -> None:
    with pytest.raises(UsageError, match="runs on the CPU only"):
        StreamingDecoder(draw_decoder().to("meta"))


def test_the_documentations_lines_run(draw_decoder: DrawDecoder) -> None:
    decoder = draw_decoder()
    save_checkpoint(Path("tinyRSNN-1.safetensors"), decoder, CheckpointHeader(decoder.spec))
    text = (Path(__file__).parents[2] / "docs" / "streaming.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names: dict[str, Any] = {"spikes": np.zeros(96)}
    exec(example, names)  # noqa: S102 - our own text
    assert np.array_equal(names["velocity"], _at_once(decoder, np.zeros((1, 96)), "numba")[0][0])


@pytest.mark.parametrize("name", ["gru", "perceptron"])
def test_any_module_is_streamed(name: str) -> None:
    """Against the user's own code, one sample after the other."""
    reference = f"{FOLDER / name}.py:build"
    net: Any = load_factory(reference).build(channels=20, outputs=2, step=0.004)
    spikes = _spikes(30, 20, 8)
    streams = (
        StreamingDecoder(net, channels=20),
        StreamingDecoder(net, channels=20, name="mine"),
        StreamingDecoder(reference, channels=20),
    )
    called = type(net).__name__
    assert [repr(each) for each in streams] == [
        f"StreamingDecoder({each}, 20 channels)" for each in (called, "mine", called)
    ]
    due, state = [], None
    with torch.no_grad():
        for sample in torch.from_numpy(spikes).float().split(1):
            answer = net(sample) if state is None else net(sample, state)
            outputs, state = answer if isinstance(answer, tuple) else (answer, None)
            due.append(outputs.reshape(2).numpy())
    for stream in streams:
        found = np.stack([stream.step(sample) for sample in spikes])
        np.testing.assert_allclose(found, np.stack(due), atol=1e-5)
        assert stream.hidden_spikes is None


def test_of_a_module_the_channels_are_to_be_told() -> None:
    reference = f"{FOLDER / 'gru.py'}:build"
    net = load_factory(reference).build(channels=20, outputs=2, step=0.004)
    with pytest.raises(UsageError, match="GRU does not tell how many channels it takes; pass ch"):
        StreamingDecoder(net)
    with pytest.raises(UsageError, match="build does not tell how many channels it takes; pass"):
        StreamingDecoder(reference)
    with pytest.raises(DecoderError, match="returns outputs of shape"):
        StreamingDecoder(net, channels=20, outputs=3)
    with pytest.raises(DecoderError, match=r"no file nowhere\.py"):
        StreamingDecoder("nowhere.py:build", channels=20)


@pytest.mark.parametrize("most", [3, 300])
def test_counts_are_streamed_as_they_are_decoded(draw_decoder: DrawDecoder, most: int) -> None:
    decoder = draw_decoder(channels=6, neurons=8)
    counts = np.random.default_rng(0).integers(0, most + 1, (30, 6))
    streaming = StreamingDecoder(decoder)
    found = np.stack([streaming.step(sample) for sample in counts])
    with torch.no_grad():
        due = decoder(torch.from_numpy(counts)[:, None], kernel="numba").outputs[:, 0]
    np.testing.assert_array_equal(found, due.numpy())


def test_hidden_spikes_are_those_of_all_layers() -> None:
    decoder = RecurrentDecoder(ModelSpec("two", 6, 8, (0.02, 0.01), ((0.05, 0.01),), layers=2))
    with torch.no_grad():
        for connection, _ in decoder.layers():
            connection.weight.fill_(5.0)
    streaming = StreamingDecoder(decoder)
    spikes = np.stack([(streaming.step(np.ones(6)), streaming.hidden_spikes)[1] for _ in range(20)])
    assert spikes.shape == (20, 16)
    assert spikes[:, :8].any()
    assert spikes[:, 8:].any()
