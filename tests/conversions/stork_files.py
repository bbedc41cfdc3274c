"""State dicts laid out as stork lays them out, made without the code under test.

The modules below register one another as stork's do, so that keys, repetitions, their order and
the shared storage come from ``torch.nn.Module.state_dict`` itself.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

SIZES = {"tinyRSNN": (64, 1), "bigRSNN": (1024, 5)}


class Group(nn.Module):
    """A group of neurons with learnable time constants, if it has any."""

    def __init__(self, neurons: int, suffix: str | None) -> None:
        super().__init__()
        if suffix is not None:
            for name in ("mem_param", "syn_param"):
                self.register_parameter(name + suffix, nn.Parameter(torch.rand(neurons)))


class Connection(nn.Module):
    """A connection, with the groups it joins as submodules."""

    def __init__(self, src: Group, dst: Group, fan_in: int, fan_out: int, gain: float) -> None:
        super().__init__()
        self.src, self.dst = src, dst
        self.op = nn.Linear(fan_in, fan_out, bias=False)
        nn.init.normal_(self.op.weight, std=gain / fan_in**0.5)


class StorkModel(nn.Module):
    """The module tree of a tinyRSNN or bigRSNN: weights such that the network is active."""

    def __init__(self, model: str = "tinyRSNN", channels: int = 96, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        neurons, heads = SIZES[model]
        self.group1 = Group(channels, None)
        self.group2 = Group(neurons, "")
        self.con1 = Connection(self.group1, self.group2, channels, neurons, gain=8.0)
        self.con2 = Connection(self.group2, self.group2, neurons, neurons, gain=2.0)
        last = self.group2
        for number in range(3, 3 + heads):
            last = Group(2, "_readout")
            self.add_module(f"group{number}", last)
            self.add_module(f"con{number}", Connection(self.group2, last, neurons, 2, gain=0.3))
        if heads > 1:
            last = Group(2, None)
            self.add_module(f"group{3 + heads}", last)
        self.input_group, self.output_group = self.group1, last


def stork_state(
    model: str = "tinyRSNN",
    channels: int = 96,
    *,
    dtype: torch.dtype = torch.float16,
    seed: int = 0,
) -> OrderedDict[str, Tensor]:
    """A state dict with random weights; repeated keys are one tensor."""
    state = StorkModel(model, channels, seed).to(dtype).state_dict()
    return OrderedDict(state)


def write_stork_file(path: Path, state: object) -> Path:
    """Save as stork does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, path)
    return path


def write_random_checkpoint(folder: Path, model: str = "tinyRSNN", channels: int = 96) -> Path:
    """A float32 checkpoint outside the published layout."""
    state = stork_state(model, channels, dtype=torch.float32)
    return write_stork_file(folder / f"{model}.pth", state)


TIME_STEP = 0.004
HIDDEN_TAU = (0.020, 0.010)
READOUT_TAUS = {
    "tinyRSNN": [(0.050, 0.010)],
    "bigRSNN": [(0.050, 0.010), (0.020, 0.005), (0.020, 0.020), (0.030, 0.010), (0.100, 0.030)],
}


def random_input(steps: int, channels: int = 96, seed: int = 1) -> NDArray[np.uint8]:
    """Spikes of 25 Hz on every channel, (steps, channels)."""
    return (np.random.default_rng(seed).random((steps, channels)) < 0.1).astype(np.uint8)


def simulate(
    state: dict[str, Tensor], model: str, spikes: NDArray[np.uint8]
) -> dict[str, NDArray[np.floating]]:
    """The published equations, written out a step at a time in float64: a trace's arrays."""
    values = {key: value.double().numpy() for key, value in state.items()}

    def decay(key: str, tau: float) -> NDArray[np.floating]:
        return np.exp(-TIME_STEP / (tau * np.log1p(np.exp(values[key]))))

    beta = decay("group2.mem_param", HIDDEN_TAU[0])
    alpha = decay("group2.syn_param", HIDDEN_TAU[1])
    m = c = i = np.zeros_like(beta)
    heads = [
        {
            "beta": decay(f"group{number}.mem_param_readout", tau[0]),
            "alpha": decay(f"group{number}.syn_param_readout", tau[1]),
            "U": values[f"con{number}.op.weight"],
            "o": np.full(2, -0.01),
            "y": np.zeros(2),
            "j": np.zeros(2),
        }
        for number, tau in enumerate(READOUT_TAUS[model], start=3)
    ]
    fired, outputs = [], []
    for x in spikes:
        s = (m > 1).astype(np.float64)
        m, c, i = (
            (beta * m + (1 - beta) * c) * (1 - s),
            alpha * c + i,
            values["con1.op.weight"] @ x + values["con2.op.weight"] @ s,
        )
        for head in heads:
            head["o"], head["y"], head["j"] = (
                head["beta"] * head["o"] + (1 - head["beta"]) * head["y"],
                head["alpha"] * head["y"] + head["j"],
                head["U"] @ s,
            )
        fired.append(s)
        outputs.append([head["o"] for head in heads])
    traced = np.array(outputs).transpose(1, 0, 2)
    arrays = {"input": spikes, "spikes": np.array(fired), "readout": traced.mean(axis=0)}
    return arrays | ({"heads": traced} if len(heads) > 1 else {})
