"""Decoders to measure where no trained one is given: random, but as busy as the published ones.

How long a spiking network takes depends on how much it spikes, not on what it has learnt.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from nbsuite.models.checkpoint import CheckpointHeader, save_checkpoint
from nbsuite.models.rsnn import RecurrentDecoder
from nbsuite.models.spec import ModelSpec
from nbsuite.neurons.connection import Connection
from nbsuite.training.families import model_spec


@dataclass(frozen=True)
class Kind:
    """A kind of decoder as published on session I1.

    Attributes:
        model: the decoder's name.
        precision: dtype of its weights.
        activity: fraction of neurons and steps with a spike, i.e. 1 - activation sparsity.
    """

    model: str
    precision: str
    activity: float

    @property
    def label(self) -> str:
        """Name for tables."""
        return f"{self.model} {self.precision}"


# Activity: results_summary_*.json published with arXiv 2409.01762.
KINDS = (
    Kind("tinyRSNN", "float16", 0.0162),
    Kind("tinyRSNN", "float32", 0.0162),
    Kind("bigRSNN", "float32", 0.0378),
)


def write_random_decoder(path: Path, kind: Kind, spikes: Tensor, seed: int = 1) -> None:
    """Write a checkpoint of :func:`random_decoder`."""
    decoder = random_decoder(kind, spikes, seed)
    save_checkpoint(path, decoder, CheckpointHeader(decoder.spec, seed=seed))


def random_decoder(
    kind: Kind, spikes: Tensor, seed: int = 1, spec: ModelSpec | None = None
) -> RecurrentDecoder:
    """A random decoder that is as active as ``kind`` on ``spikes``.

    Args:
        kind: what to imitate.
        spikes: (steps, 1, channels) input spikes, some thousand steps.
        seed: random seed.
        spec: sizes; by default those of ``kind``.
    """
    torch.manual_seed(seed)
    decoder = RecurrentDecoder(spec or model_spec(kind.model, spikes.shape[2]))
    for source, layer in decoder.layers():
        connections = [source, layer.recurrent] if layer.recurrent else [source]
        for connection in connections:
            torch.nn.init.normal_(connection.weight, std=connection.in_features**-0.5)
    decoder.to(getattr(torch, kind.precision)).eval()
    for index, (source, _) in enumerate(decoder.layers()):
        _scale_until_active(decoder, source, index, kind.activity, spikes)
    return decoder


def _scale_until_active(
    decoder: RecurrentDecoder, source: Connection, index: int, activity: float, spikes: Tensor
) -> None:
    """Scale the weights onto a hidden layer until it is that active."""
    drawn = source.weight.detach().clone()
    neurons = decoder.spec.neurons
    own = slice(index * neurons, (index + 1) * neurons)
    low, high = 0.0, 32.0
    for _halving in range(16):
        scale = (low + high) / 2
        source.weight.data = drawn * scale
        with torch.no_grad():
            emitted = decoder(spikes, kernel="numba").spikes[:, :, own]
        low, high = (scale, high) if float(emitted.float().mean()) < activity else (low, scale)
