"""When a decoder answers: how far it looks ahead, how late an input shows, how often it decodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nbsuite.benchmarking.delay import measure_delay
from nbsuite.benchmarking.quantities import DELAY, LOOKAHEAD, RATE
from nbsuite.benchmarking.runner import Measurement
from nbsuite.models.decoder import Decoder
from nbsuite.models.lookahead import NOTHING_AHEAD, Lookahead


@dataclass(frozen=True)
class Timing:
    """When a decoder answers, as it was run.

    Attributes:
        lookahead: how far the decoder and what stands around it look ahead.
        delay: steps from an input sample to the first output that it changes; None where no
            answer came within 100 steps.
    """

    lookahead: Lookahead
    delay: int | None

    def values(self, step: float) -> dict[str, float]:
        """The figures, in milliseconds and Hz, of ``step`` seconds a sample."""
        delay = {} if self.delay is None else {DELAY.key: 1000 * self.delay * step}
        lookahead = 1000 * self.lookahead.seconds(step)
        return {LOOKAHEAD.key: lookahead, **delay, RATE.key: 1 / step}

    def to_json(self) -> dict[str, Any]:
        """What provenance tells of it, in samples."""
        return {
            "lookahead": self.lookahead.samples,
            "whole_sequence": self.lookahead.whole,
            "delay": self.delay,
        }


def measure_timing(decoder: Decoder, measurement: Measurement) -> Timing:
    """Measure when a decoder answers that has just been measured.

    Given one sample at a time, no decoder sees any ahead.

    Args:
        decoder: the decoder, with the weights that it was measured with.
        measurement: how it was run, and how far what stands around it looks ahead.
    """
    own = NOTHING_AHEAD if measurement.per_step else decoder.lookahead(measurement.kernel)
    around = measurement.lookahead
    lookahead = Lookahead(own.samples + around.samples, own.whole or around.whole)
    return Timing(lookahead, measure_delay(decoder).readout)
