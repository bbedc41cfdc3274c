"""A decoder that takes one sample at a time, as an implanted device would.

>>> from nbsuite.models.spec import ModelSpec
>>> from nbsuite.models.rsnn import RecurrentDecoder
>>> tiny = ModelSpec("tiny", 96, 64, hidden=(0.02, 0.01), readouts=((0.05, 0.01),))
>>> decoder = StreamingDecoder(RecurrentDecoder(tiny))
>>> decoder.step(np.zeros(96)).shape
(2,)
"""

from __future__ import annotations

import os
from functools import singledispatch
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nbsuite.errors import UsageError
from nbsuite.models.checkpoint import Checkpoint, load_checkpoint
from nbsuite.models.decoder import Decoder
from nbsuite.models.factory import load_factory, names_decoder
from nbsuite.models.module import ModuleDecoder
from nbsuite.models.module_interface import Model, net_of
from nbsuite.models.module_spec import ModuleSpec


class StreamingDecoder:
    """Decodes sample by sample, with the same result as a whole recording at once, to the bit.

    Recurrent decoders are run by compiled code, which is compiled here, so that no step waits for
    it, from copies of their weights; any other decoder decodes chunks of a single sample.

    Args:
        source: a checkpoint or its path, or any ``nn.Module`` on the CPU, NeuroBench's wrappers
            included; as a text such as ``my_decoder.py:build`` what makes one, whose code is then
            run.
        channels: number of input channels of a module, which does not tell it itself.
        outputs: number of values that a module decodes a step.
        step: length of a step in seconds, for what makes a module and asks for it.
        name: what messages call a module; by default the name of its class.

    Raises:
        CheckpointError: the file cannot be used.
        DecoderError: the module cannot be made, run or counted.
        UsageError: the decoder is not on the CPU, or a module's channels are not given,
            or those given are not its own.
    """

    def __init__(
        self,
        source: str | os.PathLike[str] | Checkpoint | Model,
        *,
        channels: int | None = None,
        outputs: int = 2,
        step: float = 0.004,
        name: str | None = None,
    ) -> None:
        decoder = _decoder(source, _Sizes(channels, outputs, step, name))
        if decoder.device.type != "cpu":
            raise UsageError("A streamed decoder runs on the CPU only; move it there.")
        self.spec = decoder.spec
        if channels not in (None, self.spec.channels):
            raise UsageError(
                f"{self.spec.name} takes {self.spec.channels} channels, not {channels}; leave out "
                "channels."
            )
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
        if sample.dtype.kind not in "iuf" or not (
            ((sample >= 0) & (sample <= most) & (sample == np.round(sample))).all()
        ):
            raise UsageError(
                f"{self.spec.name} takes the number of spikes of each channel in a step; pass whole"
                f" numbers from 0 to {most:,}."
            )
        return False


class _Sizes(NamedTuple):
    """What a caller says of a module, which does not tell it itself."""

    channels: int | None
    outputs: int
    step: float
    name: str | None

    def given(self, what: str) -> int:
        """The number of channels.

        Raises:
            UsageError: it was not given.
        """
        if self.channels is None:
            raise UsageError(
                f"{what} does not tell how many channels it takes; pass channels=96 or whatever it "
                "is."
            )
        return self.channels


@singledispatch
def _decoder(model: Model, sizes: _Sizes) -> Decoder:
    """Any module."""
    name = sizes.name or type(net_of(model)).__name__
    return ModuleDecoder(model, ModuleSpec(name, sizes.given(name), sizes.outputs, sizes.step))


@_decoder.register
def _(decoder: Decoder, sizes: _Sizes) -> Decoder:
    del sizes  # it tells its own
    return decoder


@_decoder.register
def _(checkpoint: Checkpoint, sizes: _Sizes) -> Decoder:
    del sizes  # it tells its own
    return checkpoint.decoder


@_decoder.register(str)
@_decoder.register(os.PathLike)
def _(path: str | os.PathLike[str], sizes: _Sizes) -> Decoder:  # Python 3.10 reads no union
    """A checkpoint's path, or the name of what makes a module."""
    text = os.fspath(path)
    if Path(text).exists() or not names_decoder(text):
        return load_checkpoint(Path(text)).decoder
    model, spec = load_factory(text).build_untrained(
        sizes.name, channels=sizes.given(text), outputs=sizes.outputs, step=sizes.step
    )
    return ModuleDecoder(model, spec)
