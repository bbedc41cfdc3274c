"""What a loop asks of a decoder, and how any decoder of the suite meets it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from nbsuite.errors import UsageError
from nbsuite.models.decoder import Decoder
from nbsuite.models.kinds import new_decoder

StepRule = Literal["same", "own", "recomputed"]
STEP_RULES: dict[StepRule, str] = {
    "same": "refuse a decoder of another step than the loop's",
    "own": "step it once in a step of the loop, with the decays that it has",
    "recomputed": "step it once in a step of the loop, its decays computed for that step",
}
OUTPUTS = 2
_SAME_STEP = 1e-9


class LoopDecoder(Protocol):
    """A decoder in a loop: it sees the spikes of a step, and says how the cursor is to move.

    Attributes:
        name: for messages.
        channels: number of neurons that it sees.
    """

    @property
    def name(self) -> str:
        """For messages."""

    @property
    def channels(self) -> int:
        """Number of neurons that it sees."""

    def begin_trial(self, trial: int) -> None:
        """Called before each trial."""

    def step(self, spikes: NDArray[np.int8]) -> NDArray[np.float32]:
        """What moves the cursor (2,), given the spikes (channels,) of a step."""


@dataclass(frozen=True)
class DecoderRules:
    """How a decoder of the suite is put into a loop.

    Attributes:
        step_rule: what is done where the decoder's step is not the loop's, see ``STEP_RULES``.
        scale: what its outputs are multiplied by before they move the cursor.
        reset: whether it starts each trial afresh; the original does not see to it.
    """

    step_rule: StepRule = "same"
    scale: float = 1.0
    reset: bool = False


AS_IT_IS = DecoderRules()
"""A decoder made for the loop."""


class SuiteDecoder:
    """A decoder of the suite in a loop, sample by sample.

    Args:
        decoder: it decodes two values.
        step: seconds of a step of the loop.
        rules: how it is put there.

    Raises:
        UsageError: it does not fit, or its step is another and the rules do not say what is done.
    """

    def __init__(self, decoder: Decoder, step: float, rules: DecoderRules = AS_IT_IS) -> None:
        self.decoder, self.rules = at_step(decoder, step, rules.step_rule), rules
        self._scale = np.float32(rules.scale)
        self._runner = self.decoder.sample_runner()
        self._runner.step(np.zeros(self.channels, np.int8), binary=True)  # compiles
        self._runner.reset()

    @property
    def name(self) -> str:
        """See ``LoopDecoder``."""
        return str(self.decoder.spec.name)

    @property
    def channels(self) -> int:
        """See ``LoopDecoder``."""
        return int(self.decoder.spec.channels)

    def begin_trial(self, trial: int) -> None:
        """Reset where the rules say so."""
        if self.rules.reset or trial == 0:
            self._runner.reset()

    def step(self, spikes: NDArray[np.int8]) -> NDArray[np.float32]:
        """See ``LoopDecoder``."""
        output: NDArray[np.float32] = self._runner.step(spikes, binary=True).astype(np.float32)
        return output if self._scale == 1 else output * self._scale


def at_step(decoder: Decoder, step: float, rule: StepRule) -> Decoder:
    """The decoder that a loop of some step runs.

    Raises:
        UsageError: it does not decode two values, has another step that the rule refuses, or cannot
            be computed for another.
    """
    spec: Any = decoder.spec
    if spec.outputs != OUTPUTS:
        raise UsageError(
            f"{spec.name} decodes {spec.outputs} values, but a cursor has {OUTPUTS}; give a decoder"
            " of two."
        )
    if rule == "own" or abs(spec.step - step) < _SAME_STEP:
        return decoder
    if rule == "same":
        raise UsageError(
            f"{spec.name} decodes steps of {1000 * spec.step:g} ms, but the loop's are "
            f"{1000 * step:g} ms; say what is to be done: "
            + ", or ".join(f"{name} ({what})" for name, what in list(STEP_RULES.items())[1:])
            + "."
        )
    if spec.kind != "recurrent":
        raise UsageError(
            f"{spec.name} has no time constants that could be computed for another step; choose "
            "the step rule own."
        )
    other = new_decoder(replace(spec, step=step))
    other.load_state_dict(decoder.state_dict())
    return other.eval()
