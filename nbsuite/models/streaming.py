"""A recurrent spiking decoder that takes one sample at a time, as an implanted device would.

>>> from nbsuite.models.registry import model_spec
>>> decoder = StreamingDecoder(RecurrentDecoder(model_spec("tinyRSNN", channels=96)))
>>> decoder.step(np.zeros(96)).shape
(2,)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nbsuite.errors import UsageError
from nbsuite.models.checkpoint import Checkpoint, load_checkpoint, recurrent_decoder
from nbsuite.models.rsnn import RecurrentDecoder
from nbsuite.neurons import kernels
from nbsuite.neurons.kernels.parameters import MOST_EVENTS


class StreamingDecoder:
    """Decodes sample by sample, with the same result as a whole recording at once, to the bit.

    The weights are copied into the layout of the numba kernel and the kernel is compiled here, so
    that no step waits for either; a step is one call of compiled code on arrays that stay where
    they are.

    Args:
        source: a checkpoint's path, a loaded checkpoint, or a recurrent decoder on the CPU.

    Raises:
        CheckpointError: the file cannot be used, or its decoder is of another kind.
        UsageError: the decoder is not on the CPU, or of another kind.
    """

    def __init__(self, source: str | Path | Checkpoint | RecurrentDecoder) -> None:
        decoder = _recurrent(source)
        self.spec = decoder.spec
        self._network = kernels.prepare(decoder.parameters_for_kernel())
        self._start = self._network.copy_state(decoder.initial_state())
        self._state = self._network.copy_state(decoder.initial_state())
        self._spikes = np.zeros((1, 1, self.spec.channels), dtype=np.int8)
        self._hidden = np.zeros((1, 1, self._network.neurons), dtype=np.int8)
        self._dtype = torch.empty(0, dtype=decoder.dtype).numpy().dtype
        self.step(np.zeros(self.spec.channels, dtype=np.int8))  # compiles
        self.reset()

    def reset(self) -> None:
        """Return to the state that every recording starts from."""
        self._state.assign(self._start)
        self._hidden[...] = 0

    @property
    def hidden_spikes(self) -> NDArray[np.int8]:
        """(neurons of all layers,) spikes that the hidden neurons emitted in the last step."""
        return np.array(self._hidden[0, 0])

    def step(self, spikes: NDArray[Any]) -> NDArray[np.floating]:
        """Decode the next sample.

        Args:
            spikes: (channels,) input events of one step, 0 or 1 or counts, any dtype.

        Returns:
            (outputs,) what is decoded, in the weights' dtype: of the challenge's decoders the
            velocity in mm per 4 ms step, which times 25 is in cm/s.

        Raises:
            UsageError: the sample is of another shape or holds no whole numbers; the state is as
                before.
        """
        sample = np.asarray(spikes)
        self._check(sample)
        self._spikes[0, 0] = sample
        self._hidden[...] = 0
        outputs = self._network.run(self._spikes, self._state, self._hidden)
        return self._mean_of_heads(outputs.astype(self._dtype).reshape(self._network.heads, -1))

    def _check(self, sample: NDArray[Any]) -> None:
        if sample.shape != (self.spec.channels,):
            raise UsageError(
                f"{self.spec.name} takes one sample of shape ({self.spec.channels},) a step, "
                f"not {sample.shape}; pass the spikes of {self.spec.channels} channels."
            )
        if sample.dtype == np.bool_ or ((sample == 0) | (sample == 1)).all():
            return
        if not ((sample >= 0) & (sample <= MOST_EVENTS) & (sample == np.round(sample))).all():
            raise UsageError(
                f"{self.spec.name} takes the number of spikes of each channel in a step: pass whole"
                f" numbers from 0 to {MOST_EVENTS:,}."
            )
        if sample.max() > np.iinfo(self._spikes.dtype).max:
            self._spikes = self._spikes.astype(np.int16)

    def _mean_of_heads(self, heads: NDArray[np.floating]) -> NDArray[np.floating]:
        """Add in order, then divide, as ``RecurrentDecoder`` does: the order decides rounding."""
        summands = heads.astype(np.float32) if heads.dtype == np.float16 else heads
        total: NDArray[np.floating] = summands[0]
        for other in summands[1:]:
            total = total + other
        mean: NDArray[np.floating] = np.divide(total, len(heads)).astype(heads.dtype)
        return mean


def _recurrent(source: str | Path | Checkpoint | RecurrentDecoder) -> RecurrentDecoder:
    if isinstance(source, str | Path):
        source = load_checkpoint(Path(source))
    if isinstance(source, Checkpoint):
        return recurrent_decoder(source, "streamed")
    if not isinstance(source, RecurrentDecoder):
        raise UsageError(
            f"A {type(source).__name__} cannot be streamed; "
            "pass a recurrent spiking decoder such as tinyRSNN, or its checkpoint's path."
        )
    return source
