"""The export to stock snnTorch layers computes what the decoder computes."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import snntorch as snn
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from nbsuite.conversions.stock import SCRIPT_NAME, export_stock, to_stock
from nbsuite.conversions.stock_decoder import RECURRENT_DELAY, StockDecoder
from nbsuite.conversions.stork import read_stork
from nbsuite.models.checkpoint import load_checkpoint, save_checkpoint
from nbsuite.models.rsnn import RecurrentDecoder
from nbsuite.models.spec import ModelSpec
from tests.conversions.stork_files import random_input, write_random_checkpoint


def run_stock(stock: StockDecoder, spikes: Tensor) -> tuple[Tensor, Tensor]:
    """Velocity and hidden spikes, the latter as early as the layer emits them."""
    fired: list[Tensor] = []
    handle = stock.hidden.register_forward_hook(lambda _, __, results: fired.append(results[0]))
    with torch.no_grad():
        velocity = stock(spikes)
    handle.remove()
    return velocity, torch.stack(fired)


def random_decoder(folder: Path, model: str = "tinyRSNN") -> RecurrentDecoder:
    decoder, _ = read_stork(write_random_checkpoint(folder, model))
    return decoder


def random_spikes(steps: int, batch: int) -> Tensor:
    runs = [random_input(steps, seed=seed) for seed in range(batch)]
    return torch.from_numpy(np.stack(runs, axis=1))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize(("model", "steps"), [("tinyRSNN", 300), ("bigRSNN", 60)])
@torch.no_grad()
def test_computes_what_the_decoder_computes(
    tmp_path: Path, model: str, steps: int, dtype: torch.dtype
) -> None:
    decoder = random_decoder(tmp_path, model).to(dtype)
    spikes = random_spikes(steps, batch=3)
    expected = decoder(spikes)
    velocity, fired = run_stock(to_stock(decoder, dtype), spikes)
    assert expected.spikes.sum() > 1000
    assert torch.equal(fired[:-RECURRENT_DELAY], expected.spikes[RECURRENT_DELAY:].float())
    assert velocity.dtype == dtype
    tolerance = 1e-12 if dtype == torch.float64 else 1e-6
    assert (velocity - expected.outputs).abs().max() < tolerance


def test_passes_the_same_gradient_back(tmp_path: Path) -> None:
    decoder = random_decoder(tmp_path).double()
    spikes = random_spikes(40, batch=2).double()
    gradients = []
    for network in (decoder, to_stock(decoder, torch.float64)):
        inputs = spikes.clone().requires_grad_()
        result = network(inputs)
        (result if isinstance(result, Tensor) else result.outputs).square().sum().backward()
        gradients.append(inputs.grad)
    ours, stock = gradients
    assert ours is not None
    assert ours.abs().max() > 0
    # snnTorch's spikes are float32 in any network, and so are their gradients.
    assert (stock - ours).abs().max() < 1e-5 * ours.abs().max()


def test_is_made_of_stock_layers(tmp_path: Path) -> None:
    stock = to_stock(random_decoder(tmp_path, "bigRSNN"))
    assert type(stock.hidden) is snn.RSynaptic
    assert [type(readout) for readout in stock.readout] == [snn.Synaptic] * 5
    assert not stock.hidden.recurrent.bias.any()
    assert not stock.training


def test_leaves_the_decoder_alone_and_widens_half_precision(tmp_path: Path) -> None:
    decoder = random_decoder(tmp_path).half()
    before = copy.deepcopy(decoder.state_dict())
    stock = to_stock(decoder)
    assert {value.dtype for value in stock.parameters()} == {torch.float32}
    after = decoder.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())
    assert after["input.weight"].dtype == torch.float16


@torch.no_grad()
def test_any_outputs_step_and_counts(tmp_path: Path) -> None:
    taus = ((0.1, 0.03), (0.05, 0.02))
    decoder = RecurrentDecoder(ModelSpec("x", 9, 24, (0.08, 0.03), taus, outputs=3, step=0.02))
    random = torch.Generator().manual_seed(2)
    for name, value in decoder.named_parameters():
        value.normal_(0, 1 if "weight" in name else 0.5, generator=random)
    decoder = decoder.double().eval()
    spikes = torch.randint(0, 4, (200, 2, 9), generator=random)
    expected = decoder(spikes)
    assert expected.spikes.sum() > 100
    stock = to_stock(decoder, torch.float64)
    torch.testing.assert_close(stock(spikes), expected.outputs, rtol=0, atol=1e-10)
    save_file(stock.state_dict(), tmp_path / "x.safetensors")
    assert torch.equal(StockDecoder.load(tmp_path / "x.safetensors")(spikes), stock(spikes))


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    decoder, header = read_stork(write_random_checkpoint(tmp_path))
    save_checkpoint(tmp_path / "decoder.safetensors", decoder, header)
    return tmp_path / "decoder.safetensors"


@torch.no_grad()
def test_export_loads_again(checkpoint: Path, tmp_path: Path) -> None:
    loaded = load_checkpoint(checkpoint)
    path = tmp_path / "export" / "stock.safetensors"
    assert export_stock(loaded, path) == tmp_path / "export" / SCRIPT_NAME
    spikes = random_spikes(50, batch=1)
    stock = StockDecoder.load(path)
    assert not stock.training
    assert torch.equal(stock(spikes), to_stock(loaded.decoder)(spikes))
    with safe_open(path, framework="pt") as file:
        origin = json.loads(file.metadata()["nbsuite_stock"])
    assert origin["model"] == "tinyRSNN"
    assert origin["weights_digest"] == loaded.digest


WITHOUT_NBSUITE = """
import sys
sys.modules["nbsuite"] = None  # any import of it fails
import numpy as np, torch
from stock_decoder import StockDecoder
decoder = StockDecoder.load("stock.safetensors")
with torch.no_grad():
    velocity = decoder(torch.from_numpy(np.load("spikes.npy")))
np.save("velocity.npy", velocity.numpy())
"""


@torch.no_grad()
def test_export_runs_without_nbsuite(checkpoint: Path, tmp_path: Path) -> None:
    loaded = load_checkpoint(checkpoint)
    folder = tmp_path / "export"
    export_stock(loaded, folder / "stock.safetensors")
    spikes = random_spikes(60, batch=2)
    np.save(folder / "spikes.npy", spikes.numpy())
    subprocess.run(
        [sys.executable, "-c", WITHOUT_NBSUITE],
        cwd=folder,
        check=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    velocity = torch.from_numpy(np.load(folder / "velocity.npy"))
    assert (velocity - loaded.decoder(spikes).outputs).abs().max() < 1e-6


def test_real_checkpoints(shared: Path) -> None:
    traces = sorted((shared / "traces").glob("*.npz"))
    assert len(traces) == 13
    for path in traces:
        folder, _, number = path.stem.rpartition("-")
        name = f"{folder}/tinyRSNN-{number}" if number.isdigit() else path.stem
        decoder, _ = read_stork(shared / "stork_checkpoints" / f"{name}.pth")
        with np.load(path) as trace:
            inputs, spikes, readout = (trace[name][:600] for name in ("input", "spikes", "readout"))
        velocity, fired = run_stock(to_stock(decoder), torch.from_numpy(inputs).unsqueeze(1))
        assert (fired[:-RECURRENT_DELAY, 0].numpy() == spikes[RECURRENT_DELAY:]).all()
        assert abs(velocity[:, 0].numpy() - readout).max() < 1e-6
