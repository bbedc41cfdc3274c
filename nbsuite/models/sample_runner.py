"""How a decoder is run sample by sample where every step has to be quick: state within, no layers.

``StreamingDecoder`` runs what a decoder's ``sample_runner()`` gives. Layers that NeuroBench's hooks
see are another thing: see ``nbsuite.models.stepwise``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

Decode = Callable[..., Any]
"""``Decoder.decode``."""


class SampleRunner(ABC):
    """A decoder on its way through a recording.

    Attributes:
        most_events: the largest number of events of a channel in a step that it takes.
    """

    most_events: ClassVar[int] = np.iinfo(np.int16).max

    @abstractmethod
    def step(self, sample: NDArray[Any], *, binary: bool) -> NDArray[np.floating]:
        """What is decoded (outputs,) of the next sample (channels,), which has been checked.

        Args:
            sample: events of each channel.
            binary: whether none is above 1.
        """

    @abstractmethod
    def reset(self) -> None:
        """Return to where every recording starts."""

    @property
    @abstractmethod
    def hidden_spikes(self) -> NDArray[np.int8] | None:
        """(neurons,) hidden spikes of the last step; None where there are no such neurons."""


class ChunkRunner(SampleRunner):
    """Any decoder, by chunks of a single sample.

    Args:
        decode: the decoder's ``decode``.
    """

    def __init__(self, decode: Decode) -> None:
        self._decode = decode
        self._state: Any = None
        self._hidden: NDArray[np.int8] | None = None

    def step(self, sample: NDArray[Any], *, binary: bool) -> NDArray[np.floating]:
        """See ``SampleRunner``."""
        counts = torch.from_numpy(sample.astype(np.int8 if binary else np.int16))
        with torch.no_grad():
            chunk = self._decode(counts[None], self._state)
        self._state = chunk.state
        self._hidden = None if chunk.spikes is None else chunk.spikes[0].numpy()
        outputs: NDArray[np.floating] = chunk.outputs[0].numpy().copy()
        return outputs

    def reset(self) -> None:
        """See ``SampleRunner``."""
        self._state = None
        if self._hidden is not None:
            self._hidden = np.zeros_like(self._hidden)

    @property
    def hidden_spikes(self) -> NDArray[np.int8] | None:
        """See ``SampleRunner``."""
        return None if self._hidden is None else self._hidden.copy()
