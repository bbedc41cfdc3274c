"""Pruning: the smallest weights of each matrix, gone for good."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from nbsuite.models.checkpoint import CheckpointHeader, load_checkpoint, save_checkpoint
from nbsuite.training.pruning import (
    apply_masks,
    magnitude_masks,
    mask_gradients,
    masks_of,
)
from nbsuite.training.smorms3 import SMORMS3

MATRICES = ["input.weight", "hidden.recurrent.weight", "output.0.weight", "output.1.weight"]


@given(
    rows=st.integers(1, 12),
    columns=st.integers(1, 12),
    sparsity=st.floats(0, 1),
    seed=st.integers(0, 99),
    ties=st.booleans(),
    count=st.sampled_from([math.floor, round]),
)
def test_the_smallest_weights_go(rows, columns, sparsity, seed, ties, count):
    matrix = nn.Linear(columns, rows, bias=False)
    values = np.random.default_rng(seed).normal(size=(rows, columns))
    values = np.rint(2 * values) / 2 if ties else values
    with torch.no_grad():
        matrix.weight.copy_(torch.from_numpy(values))
    mask = magnitude_masks({"input": matrix.weight}, sparsity, count)["input"].numpy()
    sizes = np.abs(matrix.weight.detach().numpy())
    assert (~mask).sum() == count(sparsity * sizes.size)
    if not mask.all() and mask.any():
        assert sizes[~mask].max() <= sizes[mask].min()
        # Of equal weights the first go.
        equal = mask[sizes == sizes[mask].min()]
        assert (np.diff(equal.astype(int)) >= 0).all()


@pytest.mark.parametrize("sparsity", [0.0, 0.4, 0.55, 1.0])
def test_every_matrix_is_pruned_for_itself(draw_decoder, sparsity):
    decoder = draw_decoder(channels=10, neurons=13, heads=2)
    before = {name: value.clone() for name, value in decoder.state_dict().items()}
    with torch.no_grad():
        decoder.input.weight *= 1e-3  # so that a common threshold would take these alone
    masks = magnitude_masks(decoder.prunable_weights(), sparsity)
    assert list(masks) == list(decoder.prunable_weights()) == MATRICES
    apply_masks(decoder, masks)
    for weight in decoder.prunable_weights().values():
        assert int((weight == 0).sum()) == math.floor(sparsity * weight.numel())
    for name, value in decoder.state_dict().items():
        if name not in MATRICES:
            assert torch.equal(value, before[name])


def _retrain(decoder: nn.Module, masks: dict[str, torch.Tensor], optimiser: object) -> None:
    random = torch.Generator().manual_seed(2)
    for _ in range(20):
        for parameter in decoder.parameters():
            parameter.grad = torch.randn(parameter.shape, generator=random)
        mask_gradients(decoder, masks)
        optimiser.step()
        apply_masks(decoder, masks)


def _smorms3(parameters):
    return SMORMS3(parameters, lr=0.1)


def _with_momentum(parameters):
    return torch.optim.SGD(parameters, lr=0.1, momentum=0.9)


@pytest.mark.parametrize("optimiser", [_smorms3, _with_momentum])
def test_pruned_weights_stay_zero(draw_decoder, tmp_path, optimiser):
    decoder = draw_decoder(channels=10, neurons=13, heads=2)
    masks = magnitude_masks(decoder.prunable_weights(), 0.6)
    moving = optimiser(decoder.parameters())
    moving_state = {name: value.clone() for name, value in decoder.state_dict().items()}
    apply_masks(decoder, masks)
    _retrain(decoder, masks, moving)
    for name, weight in decoder.prunable_weights().items():
        assert (weight[~masks[name]] == 0).all()
        assert not weight[~masks[name]].signbit().any()
        assert (weight[masks[name]] != moving_state[name][masks[name]]).all()
    path = tmp_path / "pruned.safetensors"
    save_checkpoint(path, decoder, CheckpointHeader(decoder.spec))
    recovered = masks_of(load_checkpoint(path).decoder)
    assert all(torch.equal(recovered[name], masks[name]) for name in MATRICES)
    half = decoder.half()
    for name, weight in half.prunable_weights().items():
        assert weight.dtype == torch.float16
        assert (weight[~masks[name]] == 0).all()


def test_gradients_of_pruned_weights_do_not_reach_the_optimiser(draw_decoder):
    decoder = draw_decoder(channels=10, neurons=13)
    masks = magnitude_masks(decoder.prunable_weights(), 0.6)
    for parameter in decoder.parameters():
        parameter.grad = torch.full_like(parameter, 2.0)
    decoder.output[0].weight.grad = None
    mask_gradients(decoder, masks)
    for name, parameter in decoder.named_parameters():
        if name == "output.0.weight":
            assert parameter.grad is None
        elif name in masks:
            assert torch.equal(parameter.grad, 2.0 * masks[name])
        else:
            assert (parameter.grad == 2.0).all()


@pytest.mark.parametrize(
    ("channels", "sparsity", "published"),
    [
        *((96, 0.4, "0.3999"), (96, 0.45, "0.4498"), (96, 0.5, "0.5000")),
        *((192, 0.4, "0.4000"), (192, 0.45, "0.4499"), (192, 0.5, "0.5000")),
    ],
)
def test_as_many_weights_go_as_in_the_published_models(draw_decoder, channels, sparsity, published):
    decoder = draw_decoder(channels=channels, neurons=64)
    masks = magnitude_masks(decoder.prunable_weights(), sparsity).values()
    removed = sum(int((~mask).sum()) for mask in masks)
    assert f"{removed / sum(mask.numel() for mask in masks):.4f}" == published


@given(
    rows=st.integers(1, 12),
    columns=st.integers(1, 12),
    sparsity=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_masks_are_those_of_the_published_rule(rows, columns, sparsity, seed):
    """The published code takes the smallest magnitudes by ``torch.topk``, their number cut off."""
    matrix = nn.Linear(columns, rows, bias=False)
    with torch.no_grad():
        matrix.weight.copy_(
            torch.from_numpy(np.random.default_rng(seed).normal(size=(rows, columns)))
        )
    magnitudes = matrix.weight.detach().abs().flatten()
    removed = torch.topk(magnitudes, int(sparsity * magnitudes.numel()), largest=False).indices
    due = torch.ones(len(magnitudes), dtype=torch.bool)
    due[removed] = False
    mask = magnitude_masks({"input": matrix.weight}, sparsity)["input"]
    assert torch.equal(mask.flatten(), due)
