"""Decoders that can be trained on windows of a recording, by the gradient."""

from __future__ import annotations

from abc import abstractmethod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from nbsuite.models.decoder import Decoder
from nbsuite.neurons.dropout import NO_DROPOUT, Dropout
from nbsuite.neurons.kernels import TrainingKernelName
from nbsuite.spike_events import SpikeEvents


class DecodedWindows(NamedTuple):
    """What a decoder returns for a batch of training windows.

    Attributes:
        outputs: (steps, windows, outputs) what is decoded.
        counts: (windows, neurons) number of spikes of every hidden neuron, one layer beside the
            other.
    """

    outputs: Tensor
    counts: Tensor


class TrainableDecoder(Decoder):
    """A decoder that the training stages can train."""

    @abstractmethod
    def decode_windows(
        self,
        events: SpikeEvents,
        starts: NDArray[np.int64],
        steps: int,
        *,
        dropout: Dropout = NO_DROPOUT,
        kernel: TrainingKernelName = "numba",
    ) -> DecodedWindows:
        """Decode a batch of training windows, each from the start; differentiable.

        Args:
            events: input spikes of consecutive samples.
            starts: (windows,) the first sample of each window.
            steps: the windows' length in samples.
            dropout: dropout of input and hidden spikes; the counts are of all spikes.
            kernel: how to compute.

        Raises:
            UsageError: the input does not fit, or there is no such kernel.
        """
