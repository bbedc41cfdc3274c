"""A decoder of a user's own as what is to be trained."""

from __future__ import annotations

from dataclasses import dataclass

from nbsuite.models.factory import load_factory
from nbsuite.models.module_spec import ModuleSpec
from nbsuite.training.stage_task import StageName

OWN_STAGES: tuple[StageName, ...] = ("finetune",)
"""What is run of a decoder of which nothing is known; the other stages when asked for."""

_TRAINING_RATE = 170_000.0
"""Time steps a second of a gated recurrent unit of 32 units, on one core."""


@dataclass(frozen=True)
class OwnModel:
    """A decoder of a user's own.

    Attributes:
        factory: what makes it, as its user named it: ``my_decoder.py:build``.
        name: what results call it; None for the name of its class.
    """

    factory: str
    name: str | None = None

    @property
    def fused(self) -> bool:
        """It computes as it is written."""
        return False

    @property
    def training_rate(self) -> float:
        """A guess, as nothing is known of it: that of a small gated recurrent unit."""
        return _TRAINING_RATE

    @property
    def ranked_among(self) -> str:
        """Nothing but itself."""
        return ""

    def spec(self, channels: int, outputs: int, step: float) -> ModuleSpec:
        """The decoder's specification for recordings of so many channels and outputs.

        Raises:
            DecoderError: the user's code makes none, or one whose name is none.
        """
        factory = load_factory(self.factory)
        model = factory.build(channels=channels, outputs=outputs, step=step)
        return factory.spec(model, self.name, channels=channels, outputs=outputs, step=step)
