"""A decoder that takes one sample at a time, as an implanted device would.

>>> from nbsuite.models.registry import ModelSpec
>>> from nbsuite.models.rsnn import RecurrentDecoder
>>> tiny = ModelSpec("tiny", 96, 64, hidden=(0.02, 0.01), readouts=((0.05, 0.01),))
>>> decoder = StreamingDecoder(RecurrentDecoder(tiny))
>>> decoder.step(np.zeros(96)).shape
(2,)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nbsuite.errors import UsageError
from nbsuite.models.checkpoint import Checkpoint, load_checkpoint
from nbsuite.models.decoder import Decoder


class StreamingDecoder:
    """Decodes sample by sample, with the same result as a whole recording at once, to the bit.

    Recurrent decoders are run by compiled code, which is compiled here, so that no step waits for
    it, from copies of their weights; any other decoder decodes chunks of a single sample.

    Args:
        source: a checkpoint's path, a loaded checkpoint, or a decoder on the CPU.

    Raises:
        CheckpointError: the file cannot be used.
        UsageError: the decoder is not on the CPU.
    """

    def __init__(self, source: str | Path | Checkpoint | Decoder) -> None:
        decoder = _decoder(source)
        if decoder.device.type != "cpu":
            raise UsageError("A streamed decoder runs on the CPU only; move it there.")
        self.spec = decoder.spec
        self._runner = decoder.sample_runner()
        self.step(np.zeros(self.spec.channels, dtype=np.int8))  # compiles
        self.reset()

    def __repr__(self) -> str:
        return f"StreamingDecoder({self.spec.name}, {self.spec.channels} channels)"

    def reset(self) -> None:
        """Return to the state that every recording starts from."""
        self._runner.reset()

    @property
    def hidden_spikes(self) -> NDArray[np.int8] | None:
        """(neurons,) spikes that the hidden neurons emitted in the last step; None without any."""
        return self._runner.hidden_spikes

    def step(self, spikes: NDArray[Any]) -> NDArray[np.floating]:
        """Decode the next sample.

        Args:
            spikes: (channels,) input events of one step, whole numbers of any dtype.

        Returns:
            (outputs,) what is decoded, a recurrent decoder's in the dtype of its weights: of the
            challenge's decoders the velocity in mm per 4 ms step, which times 25 is in cm/s.

        Raises:
            UsageError: the sample is of another shape, or its values are not what the decoder
                takes; the state is as before.
        """
        sample = np.asarray(spikes)
        return self._runner.step(sample, binary=self._is_binary(sample))

    def _is_binary(self, sample: NDArray[Any]) -> bool:
        """Whether a sample is of spikes, 0 and 1, and not of counts; anything else is refused."""
        if sample.shape != (self.spec.channels,):
            raise UsageError(
                f"{self.spec.name} takes one sample of shape ({self.spec.channels},) a step, "
                f"not {sample.shape}; pass the spikes of {self.spec.channels} channels."
            )
        if sample.dtype == np.bool_ or ((sample == 0) | (sample == 1)).all():
            return True
        most = self._runner.most_events
        if not ((sample >= 0) & (sample <= most) & (sample == np.round(sample))).all():
            raise UsageError(
                f"{self.spec.name} takes the number of spikes of each channel in a step; pass whole"
                f" numbers from 0 to {most:,}."
            )
        return False


def _decoder(source: str | Path | Checkpoint | Decoder) -> Decoder:
    if isinstance(source, str | Path):
        source = load_checkpoint(Path(source))
    return source.decoder if isinstance(source, Checkpoint) else source
