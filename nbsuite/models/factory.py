"""Finding a user's decoder: a function or class that makes an ``nn.Module``, named by the user.

A reference is ``my_decoder.py:build``, ``package.module:name``, or the name of an entry point of
the group ``nbsuite.decoders`` in an installed package. Code is run only where a person has written
its reference, or has given ``--run-code`` for a study or a package that names one: no other file
that nbsuite reads can.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import torch
from neurobench.models import NeuroBenchModel
from torch import nn

from nbsuite.errors import DecoderError
from nbsuite.models.module_spec import ModuleSpec
from nbsuite.named_code import (
    Purpose,
    is_reference,
    load_named,
    reported,
    with_article,
    with_source,
)
from nbsuite.untrusted.names import fault_of_name

ENTRY_POINT_GROUP = "nbsuite.decoders"
GIVEN = ("channels", "outputs", "step")
"""What a factory may ask for, by keyword."""

_DECODER = Purpose("decoder", "build", DecoderError)
_BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL)


@dataclass(frozen=True)
class Factory:
    """What makes a user's decoder.

    Attributes:
        reference: how the user named it.
        source: the file of its code, where there is one.
        sha256: digest of that file.
    """

    reference: str
    make: Callable[..., Any]
    source: Path | None
    sha256: str | None

    def build(self, *, channels: int, outputs: int, step: float) -> nn.Module | NeuroBenchModel:
        """The decoder for a task; the factory is given what its signature asks for.

        Args:
            channels: number of input channels.
            outputs: number of decoded values a step.
            step: length of a step in seconds.

        Raises:
            DecoderError: the factory wants more than that, raises, or returns no module.
        """
        if isinstance(self.make, nn.Module | NeuroBenchModel):
            return self.make
        arguments = self._arguments({"channels": channels, "outputs": outputs, "step": step})
        with reported(f"{self.reference} fails when it is called", DecoderError):
            module = self.make(**arguments)
        if not isinstance(module, nn.Module | NeuroBenchModel):
            raise DecoderError(
                f"{self.reference} returns {with_article(module)}, not an nn.Module; return the "
                "decoder."
            )
        return module

    def build_untrained(
        self, name: str | None, *, channels: int, outputs: int, step: float
    ) -> tuple[nn.Module | NeuroBenchModel, ModuleSpec]:
        """The decoder, always with the same random weights, and what is known of it.

        Args:
            name: what results call it; None for the name of its class.
            channels: number of input channels.
            outputs: number of decoded values a step.
            step: length of a step in seconds.

        Raises:
            DecoderError: it cannot be made, or its name is none.
        """
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model = self.build(channels=channels, outputs=outputs, step=step)
        return model, self.spec(model, name, channels=channels, outputs=outputs, step=step)

    def spec(
        self,
        model: nn.Module | NeuroBenchModel,
        name: str | None,
        *,
        channels: int,
        outputs: int,
        step: float,
    ) -> ModuleSpec:
        """What is known of a decoder that was built.

        Args:
            model: the decoder.
            name: what results call it; None for the name of its class.
            channels: number of input channels.
            outputs: number of decoded values a step.
            step: length of a step in seconds.

        Raises:
            DecoderError: its name is none.
        """
        net = model if isinstance(model, nn.Module) else model.__net__()
        name = name or type(net).__name__
        if fault := fault_of_name(name):
            raise DecoderError(f"The decoder's name {fault}; choose another with --name.")
        place, colon, attribute = self.reference.rpartition(":")
        told = (
            f"{Path(place).name}:{attribute}" if colon else self.reference
        )  # no folders of theirs
        return ModuleSpec(name, channels, outputs, step, told, self.sha256)

    def _arguments(self, given: dict[str, Any]) -> dict[str, Any]:
        """Those of the values that the factory's signature asks for."""
        if getattr(self.make, "__init__", None) is nn.Module.__init__:  # which takes nothing
            return {}
        try:
            parameters = inspect.signature(self.make).parameters.values()
        except (TypeError, ValueError):  # of a function that is not written in Python
            return {}
        if any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters):
            return given
        for each in parameters:
            wanted = each.default is each.empty and each.kind not in _BY_POSITION[1:]
            if wanted and (each.name not in given or each.kind in _BY_POSITION):
                raise DecoderError(
                    f"{self.reference} wants the argument '{each.name}', which nobody gives; give "
                    f"it a default: only {', '.join(GIVEN)} are passed, by name."
                )
        names = [each.name for each in parameters if each.kind not in _BY_POSITION]
        return {name: given[name] for name in names if name in given}


def names_decoder(text: str) -> bool:
    """Whether a text names a user's decoder, rather than a checkpoint's path.

    Args:
        text: a file's path with ``.py``, ``package.module:name``, or an entry point's name.
    """
    return is_reference(text) or any(
        point.name == text for point in entry_points(group=ENTRY_POINT_GROUP)
    )


def load_factory(reference: str) -> Factory:
    """Import a user's code and find the factory in it.

    Args:
        reference: ``my_decoder.py:build``, ``package.module:name``, or an entry point's name.

    Raises:
        DecoderError: the file or name is not there, or importing it fails.
    """
    if (named := load_named(reference, _DECODER)) is not None:
        return _factory(reference, named.value)
    for point in entry_points(group=ENTRY_POINT_GROUP):
        if point.name == reference:
            with reported(f"The entry point {reference} cannot be loaded", DecoderError):
                make = point.load()
            return _factory(reference, make)
    raise DecoderError(
        f"'{reference}' names no decoder; pass my_decoder.py:build, package.module:name, or the "
        f"name of an entry point of the group {ENTRY_POINT_GROUP}."
    )


def _factory(reference: str, make: Any) -> Factory:
    if not callable(make):
        raise DecoderError(
            f"{reference} is {with_article(make)}, not a function or class; name what makes the "
            "decoder."
        )
    owner = type(make) if isinstance(make, nn.Module | NeuroBenchModel) else make
    code = with_source(reference, make, owner)
    return Factory(reference, make, code.source, code.sha256)
