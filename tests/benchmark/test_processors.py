"""Pre- and postprocessors around a decoder: what they may do, and how far they look ahead."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
import torch
from neurobench.benchmarks import Benchmark
from neurobench.metrics.workload import R2
from torch import Tensor

from nbsuite.benchmarking.processed import AroundRun
from nbsuite.benchmarking.processors import load_processing, name_of, processed_name
from nbsuite.benchmarking.runner import run_benchmark, run_per_step
from nbsuite.errors import BenchmarkError, UsageError
from nbsuite.models.lookahead import NOTHING_AHEAD, Lookahead

CHANNELS = 9


def _filtered(outputs: Tensor, weights: Tensor, before: int) -> Tensor:
    """A moving average that starts ``before`` samples earlier."""
    width = len(weights)
    padded = torch.nn.functional.pad(outputs.T[:, None], (before, width - 1 - before))
    return torch.nn.functional.conv1d(padded, weights.to(outputs)[None, None]).squeeze(1).T


class Smooth:
    """The mean of five samples around each."""

    def __call__(self, outputs: Tensor) -> Tensor:
        return _filtered(outputs, torch.full((5,), 0.2), 2)


class Lag:
    """The mean of each sample and the one before; remembers what it saw last."""

    def __init__(self) -> None:
        self.last: Tensor | None = None

    def __call__(self, outputs: Tensor) -> Tensor:
        first = outputs[:1] if self.last is None else self.last
        self.last = outputs[-1:]
        return (outputs + torch.cat([first, outputs[:-1]])) / 2


def by_blocks(outputs: Tensor) -> Tensor:
    """The mean of each block of 100 samples."""
    return torch.cat([block.mean(0).expand_as(block) for block in torch.split(outputs, 100)])


def centred(outputs: Tensor) -> Tensor:
    """Without the mean of all."""
    return outputs - outputs.mean(dim=0)


def thinned(data: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Every other channel alone."""
    spikes = data[0].clone()
    spikes[..., ::2] = 0
    return spikes, data[1]


def hindsight(data: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Spikes three samples early."""
    return torch.roll(data[0], -3, dims=0), data[1]


def far(outputs: Tensor) -> Tensor:
    """What is decoded 600 samples later."""
    return torch.roll(outputs, -600, dims=0)


class WithGaps:
    """Samples between which the decoder starts afresh."""

    def __init__(self, samples: Any, restarts: tuple[int, ...]) -> None:
        self.samples = samples
        self.restarts = restarts

    def __len__(self) -> int:
        return len(self.samples)

    def __getitems__(self, indices: Any) -> Any:
        return self.samples.__getitems__(indices)


def test_r2_is_of_what_was_postprocessed(draw_decoder: Any, draw_samples: Any) -> None:
    decoder, samples = draw_decoder(channels=CHANNELS, neurons=8), draw_samples(400, CHANNELS, 1)
    plain = run_benchmark(decoder, samples)
    processing = load_processing(after=[Smooth])
    fast = run_benchmark(decoder, samples, processing=processing, chunk_steps=64)
    slow = run_per_step(decoder, samples, processing=processing, batch_steps=64)
    due = Smooth()(plain.outputs)
    assert torch.equal(fast.outputs, due)
    r2 = R2()
    expected = float(r2(None, due, (samples.spikes, samples.labels.double())))
    for measured in (fast, slow):
        assert measured.values["r2"] == pytest.approx(expected, abs=1e-6)
        assert measured.values["acs"] == plain.values["acs"]
        assert measured.lookahead.samples == 2
    assert plain.lookahead == NOTHING_AHEAD


def test_a_preprocessor_changes_what_is_counted(draw_decoder: Any, draw_samples: Any) -> None:
    decoder, samples = draw_decoder(channels=CHANNELS, neurons=8), draw_samples(200, CHANNELS, 1)
    measured = run_benchmark(decoder, samples, processing=load_processing([thinned]))
    samples.spikes[..., ::2] = 0
    assert measured.values == run_benchmark(decoder, samples).values
    assert measured.lookahead == NOTHING_AHEAD


def test_each_stretch_is_processed_by_itself(draw_decoder: Any, draw_samples: Any) -> None:
    decoder = draw_decoder(channels=CHANNELS, neurons=8)
    samples = WithGaps(draw_samples(300, CHANNELS, 1), (120, 200))
    processing = load_processing(after=[Lag, Smooth])
    plain = run_benchmark(decoder, samples)
    measured = run_benchmark(decoder, samples, processing=processing)
    pieces = torch.tensor_split(plain.outputs, [120, 200])
    assert torch.equal(measured.outputs, torch.cat([Smooth()(Lag()(each)) for each in pieces]))


@pytest.mark.parametrize(
    ("before", "after", "due", "whole"),
    [
        ([], [Lag], 0, False),
        ([], [Smooth], 2, False),
        ([], [Smooth, Smooth], 4, False),
        ([], [by_blocks], 99, False),
        ([], [centred], 1500, True),
        ([], [far], 600, False),
        ([hindsight], [], 3, False),
        ([thinned], [Smooth], 2, False),
    ],
)
def test_lookahead_is_found(
    before: list[Any], after: list[Any], due: int, whole: bool, draw_samples: Any
) -> None:
    samples = draw_samples(1500, CHANNELS, 1)
    around = AroundRun(load_processing(before, after), ())
    around.preprocess((samples.spikes, samples.labels))
    around.postprocess(samples.labels.double())
    assert around.lookahead == Lookahead(due, whole)


def test_neurobench_is_given_the_processors_themselves(
    draw_decoder: Any, draw_samples: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []

    class Noted(Benchmark):  # type: ignore[misc]
        def __init__(self, model: Any, loader: Any, before: Any, after: Any, chosen: Any) -> None:
            given.extend([before, after])
            super().__init__(model, loader, before, after, chosen)

    monkeypatch.setattr("nbsuite.benchmarking.runner.Benchmark", Noted)
    decoder, samples = draw_decoder(channels=CHANNELS, neurons=8), draw_samples(50, CHANNELS, 1)
    run_benchmark(decoder, samples)
    assert given == [[], []]
    run_benchmark(decoder, samples, processing=load_processing([thinned], [Smooth]))
    assert [len(each) for each in given[2:]] == [1, 1]


def _returning(value: Any) -> Any:
    def odd(data: Any) -> Any:
        return value(data) if callable(value) else value

    return odd


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (
            lambda outputs: outputs[:-1],
            r"a Tensor of shape \(39, 2\) for outputs of shape \(40, 2\)",
        ),
        (lambda outputs: outputs.sum(1), r"a Tensor of shape \(40,\) for outputs"),
        (lambda outputs: outputs.numpy(), "returns a ndarray for outputs"),
        (lambda outputs: outputs / 0, "returns values that are not finite"),
        (None, "returns nothing for outputs"),
        (lambda outputs: outputs + torch.rand(1), "gives another result each time"),
        (lambda outputs: 1 / 0, r"fails \(ZeroDivisionError"),
    ],
)
def test_what_a_postprocessor_must_not_return(
    value: Any, fault: str, draw_decoder: Any, draw_samples: Any
) -> None:
    processing = load_processing(after=[_returning(value)])
    decoder, samples = draw_decoder(channels=CHANNELS, neurons=8), draw_samples(40, CHANNELS, 1)
    with pytest.raises(BenchmarkError, match=rf"^The postprocessor .*odd .*{fault}"):
        run_benchmark(decoder, samples, processing=processing)


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (lambda data: (data[0] * 0.5, data[1]), "no numbers of events"),
        (lambda data: (-data[0], data[1]), "no numbers of events"),
        (lambda data: (data[0] * float("nan"), data[1]), "no numbers of events"),
        (lambda data: data[0], r"returns a Tensor; return \(spikes, targets\)"),
        (lambda data: (data[0][..., 1:], data[1]), r"shape \(40, 1, 8\) for spikes of shape"),
        (lambda data: 1 / 0, r"fails \(ZeroDivisionError"),
    ],
)
def test_what_a_preprocessor_must_not_return(
    value: Any, fault: str, draw_decoder: Any, draw_samples: Any
) -> None:
    processing = load_processing([_returning(value)])
    decoder, samples = draw_decoder(channels=CHANNELS, neurons=8), draw_samples(40, CHANNELS, 1)
    with pytest.raises(BenchmarkError, match=rf"^The preprocessor .*odd .*{fault}"):
        run_benchmark(decoder, samples, processing=processing)


def test_counts_stay_counts(draw_decoder: Any, draw_samples: Any) -> None:
    decoder, samples = draw_decoder(channels=CHANNELS, neurons=8), draw_samples(60, CHANNELS, 1)
    processing = load_processing([_returning(lambda data: (2.0 * data[0], data[1]))])
    measured = run_benchmark(decoder, samples, processing=processing, kernel="reference")
    assert measured.values["macs"] > 0


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ("nowhere.py:Smooth", "There is no file nowhere.py"),
        ("Smooth", "'Smooth' names no postprocessor; pass .* Aggregate or ChooseMaxCount"),
        ("math:pi", "math:pi is a float, which cannot be called"),
        ("fractions:Fraction", "is an ABCMeta, which cannot be called"),
        ("inspect:Parameter", "cannot be made without arguments"),
    ],
)
def test_what_is_no_processor_is_refused(given: Any, fault: str) -> None:
    with pytest.raises(UsageError, match=fault):
        load_processing(after=[given])


def test_neurobenchs_own_are_known_by_name(draw_decoder: Any, draw_samples: Any) -> None:
    processing = load_processing(after=["Aggregate"])
    decoder, samples = draw_decoder(channels=CHANNELS, neurons=8), draw_samples(40, CHANNELS, 1)
    with pytest.raises(BenchmarkError, match=r"Aggregate returns a Tensor of shape \(40,\)"):
        run_benchmark(decoder, samples, processing=processing)


def test_results_are_named_after_them(tmp_path: Path) -> None:
    assert processed_name("GRU", []) == "GRU"
    assert processed_name("GRU", ["a/my.py:Smooth", by_blocks]) == "GRU+Smooth+by_blocks"
    assert name_of(cast("Any", Smooth)) == "Smooth"
