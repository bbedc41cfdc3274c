"""SMORMS3, against a transcription of the published update in float64 numpy."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR

from nbsuite.training.smorms3 import SMORMS3

CURVATURE = np.geomspace(1e-3, 1e3, 12)


class Transcription:
    """Simon Funk's update, number by number."""

    def __init__(self, weights, eps=1e-16):
        self.weights, self.eps = weights.copy(), eps
        self.mem, self.g, self.g2 = np.ones_like(weights), 0 * weights, 0 * weights

    def step(self, grad, lr):
        r = 1 / (self.mem + 1)
        self.g = (1 - r) * self.g + r * grad
        self.g2 = (1 - r) * self.g2 + r * grad**2
        ratio = self.g * self.g / (self.g2 + self.eps)
        self.mem = self.mem * (1 - ratio) + 1
        self.weights -= grad * np.minimum(lr, ratio) / (np.sqrt(self.g2) + self.eps)


def _noisy_gradient(weights: np.ndarray, step: int) -> np.ndarray:
    """Of a badly conditioned bowl, with noise that makes memories grow and shrink."""
    noise = np.random.default_rng(step).normal(size=weights.shape)
    return CURVATURE * (weights - 1 + (0.3 if step % 100 < 70 else 3.0) * noise)


def _step(optimiser: SMORMS3, parameter: torch.Tensor, step: int) -> None:
    gradient = _noisy_gradient(parameter.detach().double().numpy(), step)
    parameter.grad = torch.from_numpy(gradient).to(parameter)
    optimiser.step()


@pytest.mark.parametrize("lr", [0.002, 0.3])
def test_many_steps_under_a_cosine_schedule(lr):
    parameter = torch.zeros(12, dtype=torch.float64)
    reference = Transcription(np.zeros(12))
    optimiser = SMORMS3([parameter], lr=lr)
    schedule = CosineAnnealingLR(optimiser, T_max=30)
    shortest, longest = math.inf, 0.0
    for epoch in range(30):
        rate = lr * (1 + math.cos(math.pi * epoch / 30)) / 2
        for batch in range(20):
            reference.step(_noisy_gradient(reference.weights, 20 * epoch + batch), rate)
            _step(optimiser, parameter, 20 * epoch + batch)
            shortest, longest = min(shortest, *reference.mem), max(longest, *reference.mem)
        schedule.step()
        np.testing.assert_allclose(parameter.numpy(), reference.weights, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(optimiser.state[parameter]["mem"].numpy(), reference.mem, rtol=1e-7)
    # Gradients that agree and such that do not have both occurred.
    assert shortest < 1.6
    assert longest > 15


def test_single_precision_follows():
    """Given the same gradients, so that rounding cannot feed upon itself."""
    rng = np.random.default_rng(3)
    parameter, reference = torch.zeros(50), Transcription(np.zeros(50))
    optimiser = SMORMS3([parameter])
    scale = np.geomspace(1e-8, 1e4, 50)
    for _ in range(500):
        gradient = (scale * rng.normal(0.3, 1.0, 50)).astype(np.float32)
        parameter.grad = torch.from_numpy(gradient)
        optimiser.step()
        reference.step(gradient.astype(float), 0.002)
    np.testing.assert_allclose(parameter.numpy(), reference.weights, rtol=2e-3, atol=2e-5)


def test_first_step():
    """With mem 1 the means are half of the first gradient and half of its square."""
    parameter = torch.tensor([1.0, -1.0], dtype=torch.float64)
    parameter.grad = torch.tensor([4.0, -0.001], dtype=torch.float64)
    SMORMS3([parameter], lr=0.1).step()
    moved = 0.1 / math.sqrt(0.5)
    np.testing.assert_allclose(parameter.numpy(), [1 - moved, -1 + moved], rtol=1e-9)


def test_zero_gradients_move_nothing():
    parameter = torch.tensor([1.0, 2.0])
    optimiser = SMORMS3([parameter])
    for _ in range(3):
        parameter.grad = torch.zeros(2)
        optimiser.step()
    assert parameter.tolist() == [1.0, 2.0]
    assert all(value.isfinite().all() for value in optimiser.state[parameter].values())


def test_groups_and_tensors_without_gradient():
    first, second, frozen = (torch.zeros(12, dtype=torch.float64) for _ in range(3))
    optimiser = SMORMS3(
        [{"params": [first, frozen]}, {"params": [second], "lr": 0.5, "eps": 1e-8}], lr=0.01
    )
    references = [Transcription(np.zeros(12)), Transcription(np.zeros(12), eps=1e-8)]
    for step in range(20):
        for parameter, reference, lr in zip((first, second), references, (0.01, 0.5), strict=True):
            gradient = _noisy_gradient(reference.weights, step)
            reference.step(gradient, lr)
            parameter.grad = torch.from_numpy(gradient)
        optimiser.step()
    np.testing.assert_allclose(first.numpy(), references[0].weights, rtol=1e-9)
    np.testing.assert_allclose(second.numpy(), references[1].weights, rtol=1e-9)
    assert not frozen.any()
    assert frozen not in optimiser.state


def test_closure_computes_the_loss_and_its_gradient():
    parameter = torch.tensor([3.0], requires_grad=True)
    optimiser = SMORMS3([parameter], lr=0.1)

    def closure() -> float:
        optimiser.zero_grad()
        loss = (parameter**2).sum()
        loss.backward()
        return float(loss.detach())

    losses = [optimiser.step(closure) for _ in range(60)]
    assert losses[0] == 9.0
    assert losses[-1] < 0.1
    assert optimiser.step() is None


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_resumed_optimiser_takes_the_same_steps_to_the_bit(dtype, tmp_path):
    parameter = torch.zeros(12, dtype=dtype)
    optimiser = SMORMS3([parameter], lr=0.05)
    for step in range(20):
        _step(optimiser, parameter, step)
    torch.save(copy.deepcopy(optimiser.state_dict()), tmp_path / "state.pt")
    resumed = parameter.clone()
    again = SMORMS3([resumed])
    again.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    for step in range(20, 40):
        _step(optimiser, parameter, step)
        _step(again, resumed, step)
    assert torch.equal(parameter, resumed)
    assert again.param_groups[0]["lr"] == 0.05
    for name, value in optimiser.state[parameter].items():
        assert torch.equal(again.state[resumed][name], value)


@pytest.mark.parametrize("name", ["lr", "eps"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_impossible_rates_are_refused(name, value):
    with pytest.raises(ValueError, match=name):
        SMORMS3([torch.zeros(1)], **{name: value})
    with pytest.raises(ValueError, match=name):
        SMORMS3([{"params": [torch.zeros(1)], name: value}])


def test_sparse_gradients_are_refused():
    parameter = torch.zeros(3)
    parameter.grad = torch.ones(3).to_sparse()
    with pytest.raises(ValueError, match="sparse"):
        SMORMS3([parameter]).step()
