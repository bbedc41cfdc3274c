"""Windows of input spikes as a dense array, made on the device from the list of events.

The list goes to the device once, not once a batch. There, each event of a batch finds its place by
arithmetic on whole lists: a few dozen small launches, and no transfer that the processor waits
for.
"""

from __future__ import annotations

from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nbsuite.neurons.dropout import LayerDropout, kept_spikes
from nbsuite.spike_events import SpikeEvents


class _DeviceEvents(NamedTuple):
    """``SpikeEvents`` on a device: sources int32, offsets int64."""

    sources: Tensor
    offsets: Tensor


_sent: WeakKeyDictionary[SpikeEvents, dict[torch.device, _DeviceEvents]] = WeakKeyDictionary()


def dense_windows(
    events: SpikeEvents,
    starts: NDArray[np.int64],
    steps: int,
    dropout: LayerDropout,
    like: Tensor,
) -> Tensor:
    """The spikes that dropout keeps in the windows that begin at ``starts``.

    Args:
        events: input spikes of consecutive samples.
        starts: (windows,) the first sample of each window.
        steps: the windows' length in samples.
        dropout: dropout of the input spikes; its scale is left to the caller.
        like: a tensor of the wanted dtype on the wanted device.

    Returns:
        (steps, windows, channels) of 0 and 1.
    """
    total = int((events.offsets[starts + steps] - events.offsets[starts]).sum())
    sources, offsets = _on_device(events, like.device)
    begins = torch.tensor(starts, device=like.device)
    samples = begins[:, None] + torch.arange(steps, device=like.device)
    firsts, counts = offsets[samples], (offsets[samples + 1] - offsets[samples]).flatten()
    cells = torch.arange(counts.numel(), device=like.device)
    cell = torch.repeat_interleave(cells, counts, output_size=total)
    # Place among all events: that of its sample's first, and on from there.
    shift = firsts.flatten() - (counts.cumsum(0) - counts)
    channel = sources[torch.arange(total, device=like.device) + shift[cell]].long()
    window, step = cell // steps, cell % steps
    spikes = like.new_zeros(steps, len(starts), events.channels)
    kept = kept_spikes(dropout, step, window, channel, events.channels)
    spikes[step, window, channel] = kept.to(like.dtype)
    return spikes


def _on_device(events: SpikeEvents, device: torch.device) -> _DeviceEvents:
    copies = _sent.setdefault(events, {})
    if device not in copies:
        copies[device] = _DeviceEvents(
            torch.tensor(events.sources.astype(np.int32), device=device),
            torch.tensor(events.offsets, device=device),
        )
    return copies[device]
