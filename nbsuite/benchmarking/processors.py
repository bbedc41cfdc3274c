"""Pre- and postprocessors: a user's own, or NeuroBench's, around a decoder.

A preprocessor is given the spikes (samples, 1, channels) and targets (samples, outputs) of a
stretch without gaps, a postprocessor what was decoded from it, (samples, outputs). Neither may
change how many samples there are. What they compute is no part of the decoder, so that NeuroBench
does not count it: results are named after them, and tell how far they look ahead.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from nbsuite.errors import UsageError
from nbsuite.named_code import (
    NamedCode,
    Purpose,
    load_named,
    reported,
    with_article,
    with_source,
)

Kind = Literal["preprocessor", "postprocessor"]
Process = Callable[[Any], Any]

_OF_NEUROBENCH = {
    "preprocessor": ("MFCCPreProcessor", "S2SPreProcessor"),
    "postprocessor": ("Aggregate", "ChooseMaxCount"),
}


@dataclass(frozen=True)
class Processor:
    """A pre- or postprocessor.

    Attributes:
        kind: which of the two.
        name: what results are named after: that of its class or function.
        code: where it comes from.
    """

    kind: Kind
    name: str
    code: NamedCode

    def make(self) -> Process:
        """One that has seen nothing yet.

        Raises:
            UsageError: it cannot be made.
        """
        if not inspect.isclass(self.code.value):
            return cast("Process", self.code.value)
        with reported(f"{self.code.reference} cannot be made without arguments", UsageError):
            return cast("Process", self.code.value())

    def to_json(self) -> dict[str, Any]:
        """What provenance tells of it."""
        return {"name": self.name, "code": self.code.reference, "sha256": self.code.sha256}


@dataclass(frozen=True)
class Processing:
    """All that stands around a decoder.

    Attributes:
        before: preprocessors, in order.
        after: postprocessors, in order.
    """

    before: tuple[Processor, ...] = ()
    after: tuple[Processor, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.before or self.after)

    def to_json(self) -> dict[str, Any]:
        """What provenance tells of it."""
        return {
            "preprocessors": [each.to_json() for each in self.before],
            "postprocessors": [each.to_json() for each in self.after],
        }


UNPROCESSED = Processing()
"""A decoder by itself."""


def load_processing(
    before: Sequence[str | Any] = (), after: Sequence[str | Any] = ()
) -> Processing:
    """The pre- and postprocessors named.

    Args:
        before: preprocessors: ``my.py:Denoise``, ``package.module:Denoise``, or the class or
            function itself.
        after: postprocessors, named in the same ways, or by the name of one of NeuroBench's.

    Raises:
        UsageError: one is not there, or is none.
    """
    return Processing(
        tuple(_processor("preprocessor", each) for each in before),
        tuple(_processor("postprocessor", each) for each in after),
    )


def _processor(kind: Kind, given: str | Any) -> Processor:
    code = _code(kind, given)
    processor = Processor(kind, name_of(given), code)
    if not callable(code.value) or not callable(processor.make()):
        raise UsageError(
            f"{code.reference} is {with_article(code.value)}, which cannot be called; name a {kind}"
            " of NeuroBench's kind, or a function."
        )
    return processor


def _code(kind: Kind, given: str | Any) -> NamedCode:
    """The class or function that is named.

    Raises:
        UsageError: it is not there.
    """
    if not isinstance(given, str):
        owner = given if hasattr(given, "__qualname__") else type(given)
        return with_source(f"{owner.__module__}:{owner.__qualname__}", given, owner)
    if given in _OF_NEUROBENCH[kind]:
        package = f"neurobench.processors.{kind}s"
        with reported(f"NeuroBench's {given} cannot be imported", UsageError):
            value = getattr(importlib.import_module(package), given)
        return with_source(f"{package}:{given}", value, value)
    found = load_named(given, Purpose(kind, "Smooth", UsageError))
    if found is None:
        raise UsageError(
            f"'{given}' names no {kind}; pass my_processors.py:Smooth, package.module:Smooth, or"
            f" {' or '.join(_OF_NEUROBENCH[kind])}, which are NeuroBench's."
        )
    return found


def name_of(given: str | Any) -> str:
    """What results are named after: the name of a class or function, which is not loaded."""
    if isinstance(given, str):
        return given.rpartition(":")[2]
    return str(getattr(given, "__name__", type(given).__name__))


def processed_name(model: str, processors: Sequence[str | Any]) -> str:
    """The name of a model with all that stands around it: ``tinyRSNN+Smooth``."""
    return "+".join([model, *map(name_of, processors)])
