"""Training a user's module: its own weights, windows side by side, and no structure presumed.

A module draws its first weights itself, and has its own dropout. Of the recipe it takes dropout of
the input; initialisation, hidden dropout and prices on spikes are of spiking layers that are known.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from nbsuite.models.decoder import DecodedWindows, TrainableDecoder
from nbsuite.models.factory import Factory
from nbsuite.models.initialisation import Fluctuations, InputRates
from nbsuite.models.module import ModuleDecoder
from nbsuite.models.module_batches import (
    WAYS,
    find_way,
    require_gradient,
    restart,
)
from nbsuite.models.module_interface import Model, dtype_of, net_of
from nbsuite.models.module_run import ModuleRun, reset
from nbsuite.models.module_spec import ModuleSpec
from nbsuite.models.module_state import as_all_neurons, take_state
from nbsuite.neurons.dropout import NO_DROPOUT, Dropout, dropout_mask
from nbsuite.neurons.kernels import TrainingKernelName
from nbsuite.spike_events import SpikeEvents

_LARGEST_SEED = 2**63
_WEIGHTED = (nn.Linear, nn.Conv1d, nn.RNNBase, nn.RNNCellBase)
"""Layers whose weights NeuroBench counts."""


class TrainableModule(ModuleDecoder, TrainableDecoder):
    """A user's module as a decoder that the training stages can train, in float32.

    Args:
        make: makes the module anew, with other random weights where it draws any.
        spec: its name and sizes.

    Raises:
        DecoderError: it does not fit the task, is not the same twice, or cannot be counted.
    """

    _versions: tuple[int, ...] = ()
    """How often each of its tensors had been changed when the copy that decodes was made."""

    def __init__(self, make: Callable[[], Model], spec: ModuleSpec) -> None:
        super().__init__(make(), spec)
        self._make = make
        self._way: str | None = None

    def initialise(self, rates: InputRates, fluctuations: Fluctuations, seed: int) -> None:
        """Let the module draw its weights anew, with torch's generator seeded."""
        del rates, fluctuations  # are of spiking layers that are known
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            fresh = net_of(self._make())
        self.load_state_dict({f"module.{key}": each for key, each in fresh.state_dict().items()})
        self.to(torch.float32)

    def decode_windows(
        self,
        events: SpikeEvents,
        starts: NDArray[np.int64],
        steps: int,
        *,
        dropout: Dropout = NO_DROPOUT,
        kernel: TrainingKernelName = "reference",
    ) -> DecodedWindows:
        """Decode a batch of training windows; see ``TrainableDecoder``.

        The module is in training mode, and its own random numbers are those of the dropout's key.
        """
        del kernel  # it computes as it is written
        net = self.module
        spikes = torch.from_numpy(events.dense(starts, steps)).to(
            self.device, dtype_of(self._model)
        )
        if dropout.input:
            windows, channels = len(starts), self.spec.channels
            mask = dropout_mask(dropout.of_input(), steps, windows, channels, spikes)
            spikes = spikes * mask
        if self._way is None:
            self._way = find_way(self._model, self.interface, self.spec.channels)
        reset(net)
        start = take_state(net)
        net.train()
        try:
            with torch.random.fork_rng(devices=[]), as_all_neurons(net):
                torch.manual_seed(dropout.key % _LARGEST_SEED)
                outputs = WAYS[self._way](self._model, self.interface, spikes)
        finally:
            restart(net, start)
            net.eval()
        require_gradient(outputs, self.spec.name)
        return DecodedWindows(outputs, None)

    def training_remarks(self) -> tuple[str, ...]:
        """What of the recipe does not apply to it, and how it is given windows."""
        self._way = self._way or find_way(self._model, self.interface, self.spec.channels)
        name = self.spec.name
        return (
            f"{name} draws its first weights itself: of the recipe, initialisation, dropout.hidden"
            " and regularisation do not apply to it.",
            f"{name} is given its training windows {self._way}.",
        )

    def running(self) -> ModuleRun:
        """The copy that decodes, made anew where the weights have changed since."""
        values = self.state_dict(keep_vars=True).values()
        versions = tuple(each._version for each in values)
        if versions != self._versions:
            self._run, self._versions = None, versions
        return super().running()

    def prunable_weights(self) -> dict[str, nn.Parameter]:
        """The weight matrices of layers that NeuroBench counts."""
        return {
            f"module.{prefix}.{name}" if prefix else f"module.{name}": weight
            for prefix, layer in self.module.named_modules()
            if isinstance(layer, _WEIGHTED)
            for name, weight in layer.named_parameters(recurse=False)
            if weight.ndim > 1
        }


def trainable_module(factory: Factory, spec: ModuleSpec) -> TrainableModule:
    """A user's module made for a task, to be trained.

    Args:
        factory: what makes it.
        spec: its name and sizes.

    Raises:
        DecoderError: it cannot be made, run or counted.
    """
    make = partial(factory.build, channels=spec.channels, outputs=spec.outputs, step=spec.step)
    return TrainableModule(make, spec)
