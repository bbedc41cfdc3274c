"""Lookahead, delay and execution rate as every run of the benchmark tells them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import nbsuite
from nbsuite.benchmarking.delay import measure_delay
from nbsuite.benchmarking.runner import run_benchmark, run_per_step
from nbsuite.benchmarking.timing import Timing, measure_timing
from nbsuite.models.decoder import DecodedChunk
from nbsuite.models.linear import LinearDecoder, LinearSpec
from nbsuite.models.lookahead import NOTHING_AHEAD, Lookahead

CHANNELS = 6
TIMED = ["lookahead", "delay", "execution_rate"]


class Ahead(LinearDecoder):
    """Ridge regression that is given its answer some samples too early."""

    samples = 0

    def decode(
        self, spikes: Tensor, state: Any = None, *, kernel: str | None = None
    ) -> DecodedChunk:
        chunk = super().decode(spikes, state, kernel=kernel)
        outputs = torch.roll(chunk.outputs, -self.samples, dims=0)
        return chunk._replace(outputs=outputs)


class Smoother(LinearDecoder):
    """Ridge regression less the mean of the whole sequence."""

    def decode(
        self, spikes: Tensor, state: Any = None, *, kernel: str | None = None
    ) -> DecodedChunk:
        chunk = super().decode(spikes, state, kernel=kernel)
        return chunk._replace(outputs=chunk.outputs - chunk.outputs.mean(0))


def _random(kind: type[LinearDecoder]) -> Any:
    decoder = kind(LinearSpec("ridge", CHANNELS, bins=3, bin_steps=2))
    with torch.no_grad():
        for value in decoder.parameters():
            value.normal_(generator=torch.Generator().manual_seed(1))
    return decoder


def _timing(decoder: Any, draw_samples: Any, **options: Any) -> Timing:
    samples = draw_samples(200, CHANNELS, 1)
    return measure_timing(decoder, run_benchmark(decoder, samples, **options))


@pytest.mark.parametrize("samples", [0, 1, 8, 16])
def test_what_looks_ahead_is_found(samples: int, draw_samples: Any) -> None:
    decoder = _random(Ahead)
    decoder.samples = samples
    assert _timing(decoder, draw_samples).lookahead == Lookahead(samples, whole=False)


def test_a_smoother_is_found(draw_samples: Any) -> None:
    found = _timing(_random(Smoother), draw_samples)
    assert found.lookahead.whole
    assert found.to_json()["whole_sequence"] is True


def test_one_sample_at_a_time_nothing_is_ahead(draw_samples: Any) -> None:
    decoder = _random(Ahead)
    decoder.samples = 8
    samples = draw_samples(60, CHANNELS, 1)
    assert measure_timing(decoder, run_per_step(decoder, samples)).lookahead == NOTHING_AHEAD


@pytest.mark.parametrize("kernel", [None, "numba", "reference"])
def test_a_spiking_decoder(kernel: str | None, draw_decoder: Any, draw_samples: Any) -> None:
    decoder = draw_decoder(channels=CHANNELS)
    found = _timing(decoder, draw_samples, kernel=kernel)
    assert found == Timing(NOTHING_AHEAD, delay=5)
    assert found.values(0.004) == {"lookahead": 0.0, "delay": 20.0, "execution_rate": 250.0}


def test_measuring_leaves_the_decoder_as_it_is(draw_decoder: Any, draw_samples: Any) -> None:
    decoder = draw_decoder(channels=CHANNELS)
    samples = draw_samples(200, CHANNELS, 1)
    torch.manual_seed(3)
    first = run_benchmark(decoder, samples)
    random = torch.get_rng_state()
    measure_timing(decoder, first)
    assert torch.equal(torch.get_rng_state(), random)
    again = run_benchmark(decoder, samples)
    assert torch.equal(first.outputs, again.outputs)
    assert first.values == again.values


def test_no_answer_has_no_delay(draw_samples: Any) -> None:
    decoder = _random(LinearDecoder)
    with torch.no_grad():
        for value in decoder.parameters():
            value.zero_()
    found = _timing(decoder, draw_samples)
    assert found.delay is None
    assert "delay" not in found.values(0.004)
    assert found.to_json() == {"lookahead": 0, "whole_sequence": False, "delay": None}


def test_ridge_answers_in_the_same_sample(draw_samples: Any) -> None:
    assert _timing(_random(LinearDecoder), draw_samples) == Timing(NOTHING_AHEAD, delay=0)


class Anticipating(nn.Module):
    """A linear readout of the next sample, where there is one."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(96, 2)

    def forward(self, spikes: Tensor, _state: None = None) -> tuple[Tensor, None]:
        row = spikes.reshape(-1, 96).float()
        return self.fc(torch.cat([row[1:], torch.zeros(1, 96)])), None


class Late(nn.Module):
    """A linear readout of what came seven samples ago."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(96, 2)

    def forward(self, spikes: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        before = torch.zeros(7, 96) if state is None else state
        row = torch.cat([before, spikes.reshape(-1, 96).float()])
        return self.fc(row[: len(spikes)]), row[len(spikes) :]


def test_own_modules(tiny_recording_path: Path) -> None:
    torch.manual_seed(0)
    run = nbsuite.benchmark(Late(), tiny_recording_path, name="late", metrics=["r2"])
    assert [run.values[key] for key in TIMED] == [0.0, 28.0, 250.0]
    assert run.result.provenance["timing"]["delay"] == 7


def test_a_module_that_would_look_ahead_is_run_so_that_it_cannot(
    tiny_recording_path: Path,
) -> None:
    torch.manual_seed(0)
    run = nbsuite.benchmark(Anticipating(), tiny_recording_path, name="both", metrics=["r2"])
    assert run.values["lookahead"] == 0.0
    [_, remark] = run.result.provenance["run"]["remarks"]
    assert "looks 1 sample (4 ms) ahead" in remark
    assert "given single samples, it cannot" in remark


def test_the_delay_is_measured_where_chunks_are_cut(draw_decoder: Any) -> None:
    """Pieces after which it is asked for the answer are no borders for it."""
    from nbsuite.benchmarking import delay

    decoder = draw_decoder(channels=CHANNELS)
    pieces = []
    for steps in (1, 4, 5, 100):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(delay, "_PIECE", steps)
            pieces.append(measure_delay(decoder))
    assert set(pieces) == {(3, 5)}
