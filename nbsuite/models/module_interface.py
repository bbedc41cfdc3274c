"""How a user's module is called: found out by calling it, and said in one sentence where it is not.

A module is one of

- ``forward(spikes, state=None) -> (outputs, state)``, spikes being (steps, channels): it takes a
  sequence, or one sample (1, channels) at a time, and returns what it remembers;
- ``forward(sample) -> outputs``, a sample being (1, channels): it keeps its state to itself;
- either of them with samples (steps, 1, channels), as NeuroBench's own models take them.

Outputs are (steps, outputs); of a tuple that is returned without a state, the first element counts,
as for NeuroBench's ``SNNTorchModel``.
"""

from __future__ import annotations

import copy
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from neurobench.models import NeuroBenchModel
from torch import Tensor, nn

from nbsuite.errors import DecoderError
from nbsuite.named_code import described

if TYPE_CHECKING:
    from nbsuite.shapes import StepsChannels, StepsOutputs


Model: TypeAlias = nn.Module | NeuroBenchModel
"""What decodes: a module, or NeuroBench's wrapper around one."""

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@dataclass(frozen=True)
class Interface:
    """How a module is called.

    Attributes:
        passes_state: the state goes in and comes out; otherwise the module keeps it.
        needs_state: the state has to be passed even at the start, as None.
        sample_axis: spikes are (steps, 1, channels).
        outputs: number of decoded values a step.
    """

    passes_state: bool
    needs_state: bool
    sample_axis: bool
    outputs: int

    @property
    def takes_sequences(self) -> bool:
        """Whether more than one sample may be given at once; whether it is right is seen then."""
        return self.passes_state or self.sample_axis

    def call(self, model: Model, spikes: StepsChannels, state: Any) -> tuple[StepsOutputs, Any]:
        """Decode steps; returns the outputs, and the state after them.

        Raises:
            DecoderError: the module raises, or returns something else.
        """
        name = type(net_of(model)).__name__
        given = spikes[:, None] if self.sample_axis else spikes
        passes = self.passes_state and (state is not None or self.needs_state)
        try:
            answer = model(given, state) if passes else model(given)
        except DecoderError:
            raise
        except Exception as error:
            raise DecoderError(
                f"{name} fails on spikes of shape {tuple(given.shape)} ({described(error)}); mend "
                "its forward()."
            ) from error
        state = None
        if isinstance(answer, tuple | list):
            if self.passes_state and len(answer) != 2:
                raise DecoderError(
                    f"{name} takes a state, but returns {len(answer)} values; return (outputs, "
                    "state)."
                )
            answer, state = answer[0], answer[1] if self.passes_state else None
        elif self.passes_state:
            raise DecoderError(
                f"{name} takes a state, but returns {_described(answer)} alone; return (outputs, "
                "state)."
            )
        return self._outputs(answer, len(spikes), name), state

    def _outputs(self, answer: Any, steps: int, name: str) -> StepsOutputs:
        if not isinstance(answer, Tensor):
            raise DecoderError(
                f"{name} returns {_described(answer)} for {steps} steps; return a tensor of shape "
                f"({steps}, {self.outputs})."
            )
        expected = (self.outputs,) if steps == 1 else (steps, self.outputs)
        if tuple(length for length in answer.shape if length > 1) != tuple(
            length for length in expected if length > 1
        ):
            raise DecoderError(
                f"{name} returns outputs of shape {tuple(answer.shape)} for {steps} "
                f"step{'s' * (steps > 1)}; return ({steps}, {self.outputs})."
            )
        return answer.reshape(steps, self.outputs)


def net_of(model: object) -> nn.Module:
    """The module of a model.

    Raises:
        DecoderError: it is neither a module nor NeuroBench's wrapper around one.
    """
    if isinstance(model, nn.Module):
        return model
    if isinstance(model, NeuroBenchModel):
        net: nn.Module = model.__net__()
        return net
    if isinstance(model, type):
        name = model.__name__
        raise DecoderError(f"{name} is a class, not a decoder; pass what it makes, {name}(...).")
    raise DecoderError(
        f"A decoder is an nn.Module, or NeuroBench's wrapper around one, not {type(model).__name__}"
        "; pass one, or the path of a checkpoint."
    )


def find_interface(model: Model, channels: int, outputs: int) -> Interface:
    """Find out how a module is called, by its signature and by calling it with silence.

    Its state may change: it is called.

    Raises:
        DecoderError: it fits none of the ways, and says why the first of them failed; or a copy of
            it no longer does after these calls.
    """
    untouched = copy.deepcopy(model)
    passes_state, needs_state = _state_of(model)
    faults, found = [], []
    for sample_axis in (True,) if isinstance(model, NeuroBenchModel) else (False, True):
        interface = Interface(passes_state, needs_state, sample_axis, outputs)
        fault = _fault(interface, model, channels, steps=1)
        if fault is None:
            found.append((_fault(interface, model, channels, steps=3) is not None, interface))
        else:
            faults.append(fault)
    if not found:
        raise DecoderError(faults[0])
    # One that takes sequences, if there is any; otherwise the first.
    interface = min(found, key=lambda each: each[0])[1]
    if _fault(interface, untouched, channels, steps=1) is not None:
        raise DecoderError(
            f"{type(net_of(model)).__name__} keeps state outside of itself that leaks from one run "
            "into the next; keep all of it in buffers or attributes."
        )
    return interface


def _fault(interface: Interface, model: Model, channels: int, *, steps: int) -> str | None:
    """Why a module cannot be called in a way; None where it can."""
    try:
        interface.call(model, torch.zeros(steps, channels, dtype=dtype_of(model)), None)
    except DecoderError as error:
        return str(error)
    return None


def dtype_of(model: Model) -> torch.dtype:
    """Dtype of a module's numbers: that of its first floating parameter or buffer, or float32."""
    net = net_of(model)
    for value in (*net.parameters(), *net.buffers()):
        if value.is_floating_point():
            return value.dtype
    return torch.float32


def device_of(model: Model) -> torch.device:
    """Device of a module's weights; the CPU where there are none."""
    return next((each.device for each in net_of(model).parameters()), torch.device("cpu"))


def _state_of(model: Model) -> tuple[bool, bool]:
    """Whether a module takes a state, and whether it has to be given one.

    Raises:
        DecoderError: it wants more than spikes and a state, or does not tell what it wants.
    """
    call = model.forward if isinstance(model, nn.Module) else model.__call__
    try:
        parameters = inspect.signature(call).parameters.values()
    except ValueError as error:  # as of TorchScript, in which hooks see no layers either
        raise DecoderError(
            f"{type(net_of(model)).__name__}.forward is not written in Python; pass the module that"
            " it was compiled from."
        ) from error
    positional = [each for each in parameters if each.kind in _POSITIONAL]
    required = [each for each in parameters if each.default is each.empty]
    wanted = [each.name for each in required if each.kind in (*_POSITIONAL, each.KEYWORD_ONLY)]
    if len(wanted) > 2:
        raise DecoderError(
            f"{type(net_of(model)).__name__}.forward wants {', '.join(wanted)}; take spikes and a "
            "state, of which the latter may be a tuple."
        )
    return len(positional) >= 2, len(wanted) == 2


def _described(value: Any) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"
