"""A linear decoder: outputs, such as a velocity, from spike counts in bins of the recent past.

    v[t] = b + sum over bins k, channels c of W[k, c] n[t, k, c]

n[t, k, c] being the spikes of channel c in bin k of a window that ends with sample t. Fitted by
least squares this is the Wiener filter of the field, the floor that any decoder should beat.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor, nn

from nbsuite.models.buffered import BufferedNetwork
from nbsuite.models.decoder import DecodedChunk, Decoder, apply
from nbsuite.models.spec import (
    LONGEST_STEP,
    MOST_CHANNELS,
    MOST_OUTPUTS,
    OUTPUTS,
    STEP,
    without_defaults,
    without_kind,
)
from nbsuite.models.stepwise import State, StepwiseNetwork
from nbsuite.models.window import Window, slide
from nbsuite.neurons.unit_work import UnitUpdate, UnitWork
from nbsuite.untrusted.fields import decode

if TYPE_CHECKING:
    from nbsuite.shapes import OwnSampleOutputs, SampleChannels, SpikeRows


MOST_WINDOW_STEPS = 1 << 14
"""A minute: longer than any linear decoder looks back."""
LARGEST_WINDOW = 1 << 24
"""Bytes of the window, which no file holds: a header alone could ask for any number of them."""

BIAS = UnitUpdate(multiplies=0, adds=1, reads=1, writes=1)
"""The bias is read and added, the output written."""


@dataclass(frozen=True)
class LinearSpec:
    """Everything that fixes a linear decoder but its weights.

    Attributes:
        name: the decoder's name.
        channels: number of input channels.
        bins: number of bins.
        bin_steps: length of a bin in steps.
        outputs: number of decoded values a step.
        step: length of a step in seconds.
        counts: whether a channel may have several spikes in a step, so that the window takes two
            bytes for each instead of one.
    """

    kind: ClassVar[str] = "linear"

    name: str
    channels: int
    bins: int
    bin_steps: int
    outputs: int = OUTPUTS
    step: float = STEP
    counts: bool = False

    @property
    def window(self) -> Window:
        """The bins as parts of a sliding window."""
        return Window(self.bins * self.bin_steps, self.bins, self.bin_steps)

    def unit_work(self) -> UnitWork:
        """What adding the bias takes in a sample; all inputs are counts."""
        return UnitWork.of(BIAS, self.outputs, emits=False) + UnitWork(graded=1.0)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values, without those that are the default ones."""
        return {"kind": self.kind, **without_defaults(self)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> LinearSpec:
        """The inverse of :meth:`to_json`.

        Raises:
            FormatFault: the values do not describe a decoder.
        """
        return decode(cls, without_kind(values))

    def is_possible(self) -> bool:
        """Whether there can be such a decoder."""
        smallest = min(self.channels, self.bins, self.bin_steps)
        return (
            smallest >= 1
            and 1 <= self.outputs <= MOST_OUTPUTS
            and 0 < self.step <= LONGEST_STEP
            and self.channels <= MOST_CHANNELS
            and self.window.samples <= MOST_WINDOW_STEPS
            and self.window.samples * self.channels <= LARGEST_WINDOW
        )


class LinearDecoder(Decoder):
    """Counts in a sliding window, and one layer of synapses.

    The window starts out empty. It is a buffer of the module, so that the footprint counts the
    memory it needs: one byte a channel and step, or two where there are counts.

    >>> decoder = LinearDecoder(LinearSpec("ridge", channels=96, bins=10, bin_steps=12))
    >>> decoder.decode(torch.zeros(250, 96)).outputs.shape
    torch.Size([250, 2])
    """

    activation_layers = ()
    spec: LinearSpec
    history: SpikeRows

    def __init__(self, spec: LinearSpec) -> None:
        super().__init__()
        self.spec = spec
        self.readout = nn.Linear(spec.bins * spec.channels, spec.outputs)
        dtype = torch.int16 if spec.counts else torch.int8
        empty = torch.zeros(spec.window.samples, spec.channels, dtype=dtype)
        self.register_buffer("history", empty, persistent=False)

    def sources(self) -> tuple[tuple[nn.Module, ...], ...]:
        """The readout."""
        return ((self.readout,),)

    @torch.no_grad()
    def decode(
        self, spikes: Tensor, state: State = None, *, kernel: str | None = None
    ) -> DecodedChunk:
        """Decode a chunk of time; see ``Decoder``. The state is the window."""
        del kernel  # all steps are computed at once
        buffer = self.history if state is None else state
        slid = slide(self.spec.window, buffer, self.check_input(spikes))
        counts = slid.counts.flatten(start_dim=1)
        return DecodedChunk(
            outputs=apply(self.readout, counts).to("cpu", torch.float32),
            inputs=(counts,),
            activations=(),
            spikes=None,
            state=slid.buffer,
        )

    def stepwise(self) -> StepwiseNetwork:
        """The same decoder, its window summed anew for each sample."""
        return BufferedNetwork(self, _SummedWindow(self.spec))


class _SummedWindow(nn.Module):
    """The linear decoder sample by sample."""

    history: Tensor

    def __init__(self, spec: LinearSpec) -> None:
        super().__init__()
        self.bins = spec.bins
        self.readout = nn.Linear(spec.bins * spec.channels, spec.outputs)
        empty = torch.zeros(spec.window.samples, spec.channels)
        self.register_buffer("history", empty, persistent=False)

    def forward(self, sample: SampleChannels) -> OwnSampleOutputs:
        """Outputs after a sample."""
        self.history = torch.cat([self.history, sample])[1:]
        counts = torch.stack([part.sum(dim=0) for part in self.history.chunk(self.bins)])
        outputs: Tensor = self.readout(counts.reshape(1, -1))
        return outputs
