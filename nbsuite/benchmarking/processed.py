"""What stands around a decoder at work: stretch by stretch, with its results checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from nbsuite.benchmarking.processors import Processing, Processor
from nbsuite.errors import BenchmarkError
from nbsuite.models.lookahead import NOTHING_AHEAD, Lookahead
from nbsuite.named_code import reported, with_article

_PROBE_STEPS = 1024
_FIRST_CHANGED = 512
_MOST_EVENTS = 32767

Data = tuple[Tensor, Tensor]


class AroundRun:
    """The processors of one run, as NeuroBench calls them: with the whole test set at once.

    Each stretch without gaps is processed by itself, by processors that have seen nothing yet.

    Attributes:
        outputs: (samples, outputs) what came out of the postprocessors; None before.
        lookahead: how far an output looks ahead of its own step; found when they were called.
    """

    def __init__(self, processing: Processing, restarts: Sequence[int]) -> None:
        self.processing = processing
        self.outputs: Tensor | None = None
        self.lookahead = NOTHING_AHEAD
        self._restarts = restarts

    def preprocess(self, data: Data) -> Data:
        """Spikes (samples, 1, channels) and targets (samples, outputs), processed.

        Raises:
            BenchmarkError: a processor fails, or what it returns cannot be decoded.
        """
        for each in self.processing.before:
            process = partial(_preprocessed, each)
            pieces = [process(spikes, targets) for spikes, targets in self._pieces(data)]
            first = data[0][: len(pieces[0])]
            self._add(_lookahead(partial(process, targets=data[1]), first, each))
            data = torch.cat(pieces), data[1]
        return data

    def postprocess(self, outputs: Tensor) -> Tensor:
        """What was decoded, (samples, outputs), processed.

        Raises:
            BenchmarkError: a processor fails, or what it returns is not of that shape, or finite.
        """
        for each in self.processing.after:
            process = partial(_postprocessed, each)
            pieces = [process(piece) for (piece,) in self._pieces((outputs,))]
            self._add(_lookahead(process, outputs[: len(pieces[0])], each))
            outputs = torch.cat(pieces)
        self.outputs = outputs
        return outputs

    def _add(self, found: Lookahead) -> None:
        samples = self.lookahead.samples + found.samples
        self.lookahead = Lookahead(samples, self.lookahead.whole or found.whole)

    def _pieces(self, tensors: Sequence[Tensor]) -> list[tuple[Tensor, ...]]:
        """The stretches of some tensors, copied."""
        borders = [0, *self._restarts, len(tensors[0])]
        return [
            tuple(tensor[start:stop].clone() for tensor in tensors)
            for start, stop in pairwise(borders)
        ]


def _preprocessed(processor: Processor, spikes: Tensor, targets: Tensor) -> Tensor:
    """A stretch of spikes, processed."""
    returned = _called(processor, (spikes, targets[: len(spikes)]))
    return _spikes(returned, spikes, processor)


def _postprocessed(processor: Processor, outputs: Tensor) -> Tensor:
    """A stretch of outputs, processed."""
    return _outputs(_called(processor, outputs), outputs, processor)


def _called(processor: Processor, data: Any) -> Any:
    process = processor.make()
    with reported(f"The {processor.kind} {processor.code.reference} fails", BenchmarkError):
        return process(data)


def _spikes(returned: Any, given: Tensor, processor: Processor) -> Tensor:
    """The spikes that a preprocessor returns, int8, or int16 where there are counts.

    Raises:
        BenchmarkError: they are none that a decoder takes in place of those given.
    """
    who = f"The preprocessor {processor.code.reference} returns"
    if not (isinstance(returned, tuple) and len(returned) >= 1):
        raise BenchmarkError(f"{who} {with_article(returned)}; return (spikes, targets).")
    spikes = returned[0]
    if not isinstance(spikes, Tensor) or spikes.shape != given.shape:
        raise BenchmarkError(f"{who} {_shown(spikes)} for spikes of shape {_shape(given)}.")
    whole = spikes.double()
    if not bool(((whole == whole.round()) & (whole >= 0) & (whole <= _MOST_EVENTS)).all()):
        raise BenchmarkError(
            f"{who} values that are no numbers of events; return whole numbers from 0 to"
            f" {_MOST_EVENTS:,}."
        )
    return spikes.to(torch.int8 if bool((whole <= 1).all()) else torch.int16)


def _outputs(returned: Any, given: Tensor, processor: Processor) -> Tensor:
    """What a postprocessor returns.

    Raises:
        BenchmarkError: it is not of the shape given, or not finite.
    """
    who = f"The postprocessor {processor.code.reference} returns"
    if not isinstance(returned, Tensor) or returned.shape != given.shape:
        raise BenchmarkError(
            f"{who} {_shown(returned)} for outputs of shape {_shape(given)}; return as many."
        )
    if not bool(torch.isfinite(returned).all()):
        raise BenchmarkError(f"{who} values that are not finite; mend it there.")
    return returned


def _lookahead(
    process: Callable[[Tensor], Tensor], given: Tensor, processor: Processor
) -> Lookahead:
    """How many steps beyond its own a value depends on.

    All that is given from some step on is changed: the first result that changes with it, before
    that step, has looked ahead. So it is tried at every step of the second half of a piece.

    Returns:
        All that is given where it looks at all of the piece.

    Raises:
        BenchmarkError: it gives one result and another for the same.
    """
    piece = given[:_PROBE_STEPS]
    due = process(piece.clone())
    if not torch.equal(due, process(piece.clone())):
        raise BenchmarkError(
            f"The {processor.kind} {processor.code.reference} gives another result each time it is"
            " called; make it depend on what it is given alone."
        )
    last = len(piece) - 1
    if last > 0 and _first_changed(process, piece, due, last) == 0:
        return Lookahead(len(given), whole=True)
    steps = range(min(_FIRST_CHANGED, len(piece) // 2), len(piece))
    return Lookahead(
        max(step - _first_changed(process, piece, due, step) for step in steps), whole=False
    )


def _first_changed(
    process: Callable[[Tensor], Tensor], piece: Tensor, due: Tensor, step: int
) -> int:
    """The first step, up to ``step``, whose result changes with all that is given from there on."""
    changed = piece.clone()
    changed[step:] = _other_than(piece[step:])
    differs = (process(changed)[:step] != due[:step]).flatten(1).any(dim=1)
    return int(differs.int().argmax()) if bool(differs.any()) else step


def _other_than(values: Tensor) -> Tensor:
    """Values that differ from those given everywhere: of spikes those where there were none."""
    if values.is_floating_point():
        return values + (1 + values.abs().max())
    return (values == 0).to(values.dtype)


def _shown(value: Any) -> str:
    kind = with_article(value)
    return f"{kind} of shape {_shape(value)}" if isinstance(value, Tensor) else kind


def _shape(value: Tensor) -> str:
    return str(tuple(value.shape))
