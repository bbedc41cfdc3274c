"""Decoders of every kind but the recurrent one, with random weights under which they are active."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from nbsuite.models.baselines.by_name import baseline_decoder
from nbsuite.models.baselines.spec import BASELINE_NAMES, BaselineSpec
from nbsuite.models.linear import LinearDecoder, LinearSpec

NAMES = (*BASELINE_NAMES, "linear")


def random_decoder(name: str, channels: int = 20, seed: int = 0) -> Any:
    """A decoder in evaluation mode, with a tenth of its synapses pruned."""
    random = torch.Generator().manual_seed(seed)
    decoder: Any
    if name == "linear":
        decoder = LinearDecoder(LinearSpec("ridge", channels, bins=4, bin_steps=5))
    else:
        decoder = baseline_decoder(BaselineSpec(name, channels))
    with torch.no_grad():
        for layer in decoder.children():
            if isinstance(layer, nn.Linear):
                scale = 0.6 if name in ("SNN2", "SNN3") else 0.2
                layer.weight.normal_(0.02, scale, generator=random)
                layer.weight[torch.rand(layer.weight.shape, generator=random) < 0.1] = 0
                if layer.bias is not None:
                    layer.bias.normal_(0.0, 0.1, generator=random)
            if isinstance(layer, nn.BatchNorm1d):
                for value in (layer.running_mean, layer.running_var, layer.weight, layer.bias):
                    assert value is not None
                    value.uniform_(0.2, 2.0, generator=random)
            if isinstance(layer, nn.LayerNorm):
                layer.weight.normal_(1.0, 0.3, generator=random)
                layer.bias.normal_(0.0, 0.3, generator=random)
    return decoder.eval()


def random_spikes(
    steps: int, channels: int = 20, seed: int = 0, rate: float = 0.08
) -> torch.Tensor:
    """(steps, channels) int8."""
    random = torch.Generator().manual_seed(seed)
    return (torch.rand(steps, channels, generator=random) < rate).to(torch.int8)
