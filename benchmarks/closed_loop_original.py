"""The original's closed loop as it is written there, one neuron of torch's at a time: a reference.

What ``nbsuite.closed_loop`` computes otherwise is compared with this, in speed and to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

STEP = 0.01
MOST_VELOCITY = 20 * STEP
ACCELERATION = 0.3
MOST_ACCELERATION = MOST_VELOCITY * ACCELERATION
SCALE = 3.77
TARGET_SIZE, DISTANCE = 2.5, 8
LONGEST, HOLD = 3.0, 0.5
NEURONS_SEED, TARGETS_SEED = 1337, 345783

Row = tuple[float, float, float, float]
"""Preferred direction x and y, lowest and highest rate."""


class Run(NamedTuple):
    """Steps of all trials: spikes (steps, neurons), outputs and positions (steps, 2), and so on."""

    spikes: np.ndarray
    outputs: np.ndarray
    positions: np.ndarray
    targets: np.ndarray
    lengths: list[int]
    succeeded: list[bool]


class Neuron:
    """One simulated neuron with a random generator of its own."""

    def __init__(self, row: Row, seed: int) -> None:
        self.generator = torch.Generator()
        self.generator.manual_seed(seed)
        torch.multinomial(torch.tensor([0.0, 1.0]), 1, generator=self.generator)
        for _ in range(3):
            torch.empty(1).uniform_(0, 1, generator=self.generator)
        self.preferred = torch.tensor(row[:2])
        self.low, self.high = row[2], row[3]

    def fire(self, demanded: Tensor) -> float:
        """Draw a spike."""
        drive = torch.max(torch.zeros(1), 1.5 * torch.inner(self.preferred, demanded))
        drive = torch.min(torch.ones(1), drive / MOST_ACCELERATION)
        probability = ((self.high - self.low) * drive + self.low) * STEP
        pair = torch.tensor([1 - probability, probability])
        return torch.multinomial(pair, 1, generator=self.generator).item()


def run(decode: Callable[[Tensor], Tensor], rows: Sequence[Row], trials: int) -> Run:
    """Run trials of a decoder that maps spikes (neurons,) to outputs (2,)."""
    seeds = torch.randperm(96, generator=torch.Generator().manual_seed(NEURONS_SEED)).tolist()
    neurons = [Neuron(row, seed) for row, seed in zip(rows, seeds, strict=False)]
    generator = torch.Generator().manual_seed(TARGETS_SEED)
    kept: tuple[list[np.ndarray], ...] = ([], [], [], [])
    lengths, succeeded = [], []
    for _ in range(trials):
        angle = torch.empty(1).uniform_(-torch.pi, torch.pi, generator=generator).item()
        target = DISTANCE * torch.tensor([np.cos(angle), np.sin(angle)], dtype=torch.float)
        position, velocity = torch.zeros(2), torch.zeros(2)
        length = inside = 0
        spikes = _fire(neurons, target, position, velocity)
        while True:
            with torch.no_grad():
                output = decode(spikes)
            velocity = output * SCALE * STEP
            position += velocity
            length += 1
            distance = np.linalg.norm(position - target)
            inside = inside + 1 if distance < TARGET_SIZE else 0
            for kind, value in zip(kept, (spikes, output, position, target), strict=True):
                kind.append(value.numpy().copy())
            spikes = _fire(neurons, target, position, velocity)
            if not (length * STEP < LONGEST and inside * STEP < HOLD):
                break
        lengths.append(length)
        succeeded.append(inside * STEP >= HOLD)
    return Run(*(np.array(kind) for kind in kept), lengths, succeeded)


def _fire(neurons: Sequence[Neuron], target: Tensor, position: Tensor, velocity: Tensor) -> Tensor:
    towards = target - position
    length = torch.linalg.norm(towards)
    direction = towards / length if length != 0 else towards
    factor = MOST_VELOCITY / np.sqrt(2 * TARGET_SIZE)
    speed = min(factor * np.sqrt(np.linalg.norm(towards)), MOST_VELOCITY)
    demanded = (speed * direction - velocity) * ACCELERATION
    spikes = torch.zeros(len(neurons))
    for index, neuron in enumerate(neurons):
        spikes[index] = neuron.fire(demanded)
    return spikes
