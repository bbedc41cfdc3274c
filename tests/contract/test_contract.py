"""What every decoder has to do: those that ship, networks of other architectures, and a toy."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch import Tensor, nn

from nbsuite.benchmarking.quantities import METRIC_NAMES, QUANTITIES
from nbsuite.benchmarking.runner import run_benchmark, run_per_step
from nbsuite.cli.main import main
from nbsuite.errors import UsageError
from nbsuite.models.checkpoint import (
    CheckpointHeader,
    load_checkpoint,
    save_checkpoint,
    weights_digest,
)
from nbsuite.models.decoder import Decoder
from nbsuite.models.kinds import KINDS, new_decoder
from nbsuite.models.lookahead import NOTHING_AHEAD
from nbsuite.models.spec import ModelSpec
from nbsuite.models.streaming import StreamingDecoder
from nbsuite.tasks.locate import Location
from nbsuite.training.compute import Compute
from nbsuite.training.families import FAMILIES, configure
from nbsuite.training.overrides import override
from nbsuite.training.recipe import Recipe
from nbsuite.training.run_plan import RunRequest, plan_run, run_plan
from tests.contract.toy import KIND, Toy, ToySpec
from tests.models.random_decoders import NAMES, random_decoder, random_spikes

NETWORKS = {
    "tinyRSNN": {},
    "five heads": {"readouts": ((0.05, 0.01),) * 5},
    "two layers": {"layers": 2},
    "feedforward": {"recurrent": False},
    "adaptive": {"cell": "adaptive"},
    "two adaptive layers": {"layers": 2, "cell": "adaptive"},
    "three layers, stock": {"layers": 3, "cell": "stock"},
    "three outputs": {"outputs": 3, "step": 0.01},
}
ALL = (*NETWORKS, *NAMES, "toy")
CHANNELS = 20


@pytest.fixture(autouse=True)
def _toy_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, ToySpec.kind, KIND)


def draw(name: str, channels: int = CHANNELS, seed: int = 0) -> Decoder:
    """A decoder with random weights under which its neurons fire."""
    if name in NAMES:
        decoder: Decoder = random_decoder(name, channels, seed)
        return decoder
    random = torch.Generator().manual_seed(seed)
    if name == "toy":
        decoder = Toy(ToySpec("toy", channels))
    else:
        sizes: Any = {"neurons": 16, "hidden": (0.02, 0.01), "readouts": ((0.05, 0.01),)}
        decoder = new_decoder(ModelSpec("net", channels, **(sizes | NETWORKS[name])))
    with torch.no_grad():
        for key, value in decoder.named_parameters():
            value.normal_(0.0, 1.0 if "weight" in key else 0.5, generator=random)
    return decoder.eval()


class Samples:
    """Random test samples with a gap."""

    restarts = (40,)

    def __init__(self, outputs: int, steps: int = 110) -> None:
        self.spikes = random_spikes(steps)[:, None]
        self.labels = torch.randn(steps, outputs, generator=torch.Generator().manual_seed(1))

    def __len__(self) -> int:
        return len(self.spikes)

    def __getitems__(self, indices: Any) -> tuple[Tensor, Tensor]:
        return self.spikes[indices.start : indices.stop], self.labels[indices.start : indices.stop]


@pytest.mark.parametrize("name", ALL)
def test_a_checkpoint_comes_back_as_it_was(name: str, tmp_path: Path) -> None:
    decoder = draw(name)
    for precision in decoder.precisions:
        decoder = decoder.to(precision)
        save_checkpoint(tmp_path / "weights", decoder, CheckpointHeader(decoder.spec, seed=3))
        loaded = load_checkpoint(tmp_path / "weights")
        assert loaded.header == CheckpointHeader(decoder.spec, seed=3)
        assert loaded.digest == weights_digest(decoder)
        assert (type(loaded.decoder), loaded.decoder.dtype) == (type(decoder), precision)
        spikes = random_spikes(60)
        assert torch.equal(loaded.decoder.decode(spikes).outputs, decoder.decode(spikes).outputs)


@pytest.mark.parametrize("name", ALL)
def test_chunks_and_steps_agree_on_every_metric(name: str) -> None:
    decoder = draw(name)
    outputs = getattr(decoder.spec, "outputs", 2)
    samples = Samples(outputs)
    per_step = run_per_step(decoder, samples, metrics=METRIC_NAMES, batch_steps=len(samples))
    for kernel in decoder.kernels:
        fast = run_benchmark(decoder, samples, metrics=METRIC_NAMES, kernel=kernel, chunk_steps=32)
        assert fast.kernel == kernel
        assert fast.outputs.shape == (len(samples), outputs)
        assert fast.values.keys() == per_step.values.keys()
        for key, value in fast.values.items():
            tolerance = QUANTITIES[key].rounding
            assert value == pytest.approx(per_step.values[key], rel=tolerance, abs=tolerance), key


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("cuts", [(1,), (59, 60), (20, 21, 100)])
def test_chunks_give_what_the_whole_gives(name: str, cuts: tuple[int, ...]) -> None:
    decoder, spikes = draw(name, seed=2), random_spikes(120)
    whole = decoder.decode(spikes)
    state, chunks = None, []
    for chunk in torch.tensor_split(spikes, cuts):
        chunks.append(decoder.decode(chunk, state))
        state = chunks[-1].state
    assert torch.equal(torch.cat([chunk.outputs for chunk in chunks]), whole.outputs)
    assert len(whole.inputs) == len(decoder.sources())
    assert len(whole.activations) == len(decoder.activation_layers)
    for index in range(len(whole.activations)):
        parts = torch.cat([chunk.activations[index] for chunk in chunks])
        assert torch.count_nonzero(parts) == torch.count_nonzero(whole.activations[index])


@pytest.mark.parametrize("name", ALL)
def test_no_output_depends_on_later_input(name: str) -> None:
    decoder, spikes = draw(name), random_spikes(80)
    changed = spikes.clone()
    changed[50:] = 1 - changed[50:]
    same = decoder.decode(spikes).outputs[:50] == decoder.decode(changed).outputs[:50]
    assert bool(same.all())


@pytest.mark.parametrize("name", ALL)
def test_samples_are_streamed(name: str) -> None:
    decoder, spikes = draw(name), random_spikes(90)
    streaming, due = StreamingDecoder(decoder), decoder.decode(spikes).outputs
    for _ in range(2):
        found = np.stack([streaming.step(sample) for sample in spikes.numpy()])
        if "numba" in decoder.kernels or name not in NETWORKS:
            assert np.array_equal(found.astype(np.float32), due)
        assert np.allclose(found, due, rtol=0, atol=1e-5)
        streaming.reset()


@pytest.mark.parametrize("name", ALL)
def test_inputs_that_do_not_fit_are_refused(name: str) -> None:
    decoder = draw(name)
    for shape in ((5, CHANNELS + 1), (5, 1, CHANNELS), (0, CHANNELS)):
        with pytest.raises(UsageError, match="takes spikes of shape"):
            decoder.decode(torch.zeros(shape))
    for value in (0.5, -1.0, torch.nan, 40_000.0):
        with pytest.raises(UsageError, match="pass whole numbers from 0 to 32,767"):
            decoder.decode(torch.full((5, CHANNELS), value))


@pytest.mark.parametrize("name", ALL)
def test_what_neurobench_counts_are_its_layers(name: str) -> None:
    decoder = draw(name)
    counted = [id(layer) for source in decoder.sources() for layer in source]
    assert sorted(counted) == sorted(
        id(layer) for layer in decoder.modules() if isinstance(layer, nn.Linear)
    )


class _Named:
    """What a run asks for."""

    factory = None
    fused = True

    def __init__(self, decoder: str) -> None:
        self._spec = ToySpec("toy", 96) if decoder == "toy" else draw(decoder, 96).spec

    def spec(self, channels: int, outputs: int, step: float) -> Any:
        del channels, outputs, step
        return self._spec


@pytest.mark.parametrize("name", [each for each in ALL if each != "three outputs"])
def test_it_trains_where_it_is_trainable(
    name: str, tiny_recording_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder = draw(name, 96)
    if decoder.trainable is None:
        assert name in NAMES
        return
    monkeypatch.setattr("nbsuite.training.stage_run._draw", lambda *_: None)
    quick = (
        *("windows.steps=25", "windows.offset_steps=25", "training.batch=50"),
        *("finetune.epochs=2", "prune.epochs=1", "prune.highest=0.4", "prune.tolerance=0.9"),
    )
    stages: Any = (
        ("finetune", "prune", "half")
        if decoder.trainable.can_halve
        else (
            "finetune",
            "prune",
        )
    )
    kernel: Any = decoder.kernels[0] if "numba" in decoder.kernels else "reference"
    request = RunRequest(
        model=_Named(name),
        recipe=override(Recipe(), quick),
        seed=1,
        session=Location(tiny_recording_path, None, None),
        stages=stages,
        pretrain_on=(),
        pretrained=None,
        compute=Compute(kernel),
        root=tmp_path,
    )
    plan = plan_run(request)
    run_plan(plan)
    assert plan.checkpoint is not None
    trained = load_checkpoint(plan.checkpoint)
    assert trained.header.spec == decoder.spec
    weights = trained.decoder.trainable.prunable_weights()  # type: ignore[union-attr]
    assert {name for name, _ in decoder.named_parameters() if name.endswith("weight")} == {*weights}
    zeros = sum(int((weight == 0).sum()) for weight in weights.values())
    assert zeros / sum(weight.numel() for weight in weights.values()) == pytest.approx(
        0.4, abs=0.02
    )


@pytest.mark.parametrize("name", ["two adaptive layers", "SNN3", "linear", "toy"])
def test_the_commands_take_its_checkpoint(
    name: str, tiny_recording_path: Path, tmp_path: Path
) -> None:
    decoder = draw(name, 96)
    path = tmp_path / "weights.safetensors"
    save_checkpoint(path, decoder, CheckpointHeader(decoder.spec, seed=1))
    for command in (
        ("benchmark", path, "-s", tiny_recording_path, "-o", tmp_path / "results"),
        ("benchmark", path, "-s", tiny_recording_path, "--verify", 100),
        ("stream", path, "-s", tiny_recording_path, "--steps", 100),
    ):
        outcome = CliRunner().invoke(main, [*map(str, command), "--json"])
        assert outcome.exit_code == 0, outcome.output
        json.loads(outcome.stdout)


def test_the_families_are_among_them(draw_decoder: Callable[..., Decoder]) -> None:
    del draw_decoder
    for name in FAMILIES:
        spec = configure(name)[0].spec(96)
        assert type(new_decoder(spec)) is type(draw("tinyRSNN"))


@pytest.mark.parametrize("name", ALL)
def test_it_looks_at_nothing_ahead(name: str) -> None:
    assert draw(name).lookahead() == NOTHING_AHEAD
