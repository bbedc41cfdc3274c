"""Where the triton kernel cannot be had, one sentence says why."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from nbsuite.benchmarking import session
from nbsuite.benchmarking.session import choose_kernel, choose_training_kernel
from nbsuite.errors import UsageError
from nbsuite.neurons import kernels
from nbsuite.neurons.kernels.gpu.limits import padded_neurons, require_size
from nbsuite.training.compute import Compute
from nbsuite.training.families import model_spec
from tests.neurons.test_training_kernel import make_decoder, make_events


@pytest.fixture
def no_triton(monkeypatch):
    monkeypatch.setattr(kernels, "find_spec", lambda _: None)


@pytest.fixture
def triton(monkeypatch):
    monkeypatch.setattr(kernels, "find_spec", lambda name: SimpleNamespace(name=name))


def test_triton_is_not_installed(no_triton):
    decoder, events = make_decoder(8, 30, 1, seed=1), make_events(8, 60, seed=1)
    with pytest.raises(UsageError, match=r"not installed: on Linux, pip install 'nbsuite\[gpu\]'"):
        decoder.decode_windows(events, np.array([0]), 10, kernel="triton")
    with pytest.raises(UsageError, match="not installed"):
        choose_training_kernel("triton", "cpu")


def test_there_is_no_gpu(triton):
    with pytest.raises(UsageError, match="runs on an NVIDIA GPU, not on cpu; choose --device cuda"):
        choose_training_kernel("triton", "cpu")
    with pytest.raises(UsageError, match="no device 'cuda:99'"):
        choose_training_kernel("triton", "cuda:99")


def test_it_has_to_be_asked_for(triton, monkeypatch):
    assert choose_training_kernel("auto", "cpu") == "numba"
    monkeypatch.setattr(session.torch, "ones", lambda *_, **__: 1.0)  # as if there were a GPU
    assert choose_training_kernel("auto", "cuda:0") == "reference"
    assert choose_training_kernel("reference", "cuda") == "reference"
    assert choose_training_kernel("triton", "cuda") == "triton"
    with pytest.raises(UsageError, match="runs on the CPU, not on mps; choose --device cpu"):
        choose_training_kernel("numba", "mps")


@pytest.mark.parametrize(
    "device",
    [
        *("meta", "cpu:7", "cuda:99", "cuda:-1", "cuda:1000", "mps:5", "xpu", "hpu", "lazy"),
        *("vulkan", "privateuseone", "", "gpu", "CPU", " cpu", "cpu\n", "cpu:", "cpu\0", "\ud800"),
        *("cuda:" + "9" * 5000, "cpu:\u0660", "cpu,cuda"),
    ],
)
def test_other_devices_are_refused(device):
    if device in ("cuda:99", "mps:5", "xpu") and torch.accelerator.is_available():
        pytest.skip("there may be such a device")
    with pytest.raises(UsageError, match=r"There is no device .* choose --device cpu") as caught:
        choose_kernel("auto", device)
    assert str(caught.value).isprintable()
    assert choose_kernel("auto", "cpu:0") == choose_kernel("auto", "cpu") == "numba"


def test_it_decodes_no_recordings(triton):
    with pytest.raises(
        UsageError, match="No kernel is called 'triton'; known are reference, numba"
    ):
        choose_kernel("triton", "cpu")
    decoder = make_decoder(8, 30, 1, seed=1)
    with torch.no_grad(), pytest.raises(UsageError, match="known are reference, numba"):
        decoder(torch.zeros(5, 1, 8), kernel="triton")


@pytest.mark.parametrize(
    "architecture", [{"layers": 2}, {"recurrent": False}, {"cell": "adaptive"}]
)
def test_it_trains_one_recurrent_layer_of_plain_neurons(triton, architecture):
    pytest.importorskip("triton")
    decoder, events = make_decoder(8, 30, 1, seed=1, **architecture), make_events(8, 60, seed=1)
    with pytest.raises(UsageError, match="one recurrent layer of the cell 'lif'; use another"):
        decoder.decode_windows(events, np.array([0]), 10, kernel="triton")


def test_how_many_neurons_it_takes():
    assert [padded_neurons(count) for count in (1, 32, 33, 64, 65)] == [32, 32, 64, 64, 128]
    require_size(128, torch.float32)
    require_size(64, torch.float64)
    with pytest.raises(UsageError, match=r"at most 64 neurons in torch\.float64, not 65"):
        require_size(65, torch.float64)
    Compute("triton").require_fit(model_spec("tinyRSNN", 96))
    Compute("reference").require_fit(model_spec("bigRSNN", 96))
    with pytest.raises(UsageError, match="at most 128 neurons"):
        Compute("triton").require_fit(model_spec("bigRSNN", 96))
