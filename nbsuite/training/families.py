"""Families of decoders: named architectures, each with how it is trained.

Liu, Gygax, Rossbroich, Chua, Zhang and Zenke (2024), "Decoding finger velocity from cortical
spike trains with recurrent spiking neural networks", arXiv 2409.01762, and the code behind it.
Another family is another entry of ``FAMILIES``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from nbsuite.errors import UsageError
from nbsuite.models.decoder import DecoderSpec
from nbsuite.models.registry import OUTPUTS, ModelSpec
from nbsuite.neurons.cells import CELLS
from nbsuite.suggestions import did_you_mean
from nbsuite.training.architecture import SECTION, Architecture, difference_name
from nbsuite.training.overrides import key_types, parse_settings, section_keys, with_values
from nbsuite.training.recipe import Recipe, RegularisationRecipe
from nbsuite.training.stage_task import STAGES, StageName

CHALLENGE_STEP = 0.004
_CHANNELS = 96
"""Of the recordings on which training rates were measured."""


@dataclass(frozen=True)
class Family:
    """A named architecture and how it is trained.

    Attributes:
        name: its name.
        architecture: its network.
        recipe: its hyperparameters.
        stages: the stages that it goes through.
        training_rate: time steps, windows times steps each, that one core trains in a second (AMD
            EPYC, see docs/cost.md).
    """

    name: str
    architecture: Architecture
    recipe: Recipe
    stages: tuple[StageName, ...]
    training_rate: float


_FIVE_HEADS = ((0.050, 0.010), (0.020, 0.005), (0.020, 0.020), (0.030, 0.010), (0.100, 0.030))

FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family("tinyRSNN", Architecture(), Recipe(), STAGES, 4_300_000.0),
        Family(  # neither pruned nor halved
            "bigRSNN",
            Architecture(neurons=1024, readouts=_FIVE_HEADS),
            Recipe(regularisation=RegularisationRecipe(most_strength=0.0)),
            ("pretrain", "finetune"),
            68_000.0,
        ),
    )
}


class Model(Protocol):
    """What is to be trained, before it is known on what."""

    @property
    def factory(self) -> str | None:
        """What makes the decoder, as its user named it, where its code is the user's."""

    @property
    def fused(self) -> bool:
        """Whether a fused kernel trains it."""

    @property
    def training_rate(self) -> float:
        """Time steps, windows times steps each, that one core trains in a second."""

    @property
    def ranked_among(self) -> str:
        """Name of the networks that it is compared with; empty where these are its own only."""

    def spec(self, channels: int, outputs: int, step: float) -> DecoderSpec:
        """The decoder's specification for recordings of so many channels and outputs."""


@dataclass(frozen=True)
class FamilyModel:
    """A decoder of a family, of its architecture or another.

    Attributes:
        family: the family.
        architecture: the network.
    """

    family: Family
    architecture: Architecture

    @property
    def factory(self) -> None:
        """Its code is ours."""

    @property
    def name(self) -> str:
        """The family's name, and what the network differs in from the family's."""
        return self.family.name + difference_name(self.architecture, self.family.architecture)

    @property
    def ranked_among(self) -> str:
        """The family's name."""
        return self.family.name

    @property
    def fused(self) -> bool:
        """Whether a fused kernel trains it; otherwise the reference does, many times slower."""
        return CELLS[self.architecture.cell].fused

    @property
    def training_rate(self) -> float:
        """The family's rate; with another network, in proportion to the number of weights."""
        own, usual = (
            each.weights(_CHANNELS, OUTPUTS)
            for each in (self.architecture, self.family.architecture)
        )
        return self.family.training_rate * usual / own

    def spec(
        self, channels: int, outputs: int = OUTPUTS, step: float = CHALLENGE_STEP
    ) -> ModelSpec:
        """The decoder's specification for recordings of so many channels and outputs."""
        return self.architecture.spec(self.name, channels, outputs, step)


def find_family(name: str) -> Family:
    """The family of a name, in any case.

    Raises:
        UsageError: there is none.

    >>> find_family("tinyrsnn").name
    'tinyRSNN'
    """
    known = {each.lower(): family for each, family in FAMILIES.items()}
    if name.lower() not in known:
        raise UsageError(f"No decoder is called '{name}'; {did_you_mean(name, FAMILIES)}")
    return known[name.lower()]


def configure(name: str, settings: Sequence[str] = ()) -> tuple[FamilyModel, Recipe]:
    """A decoder of a family with its recipe, as a user wants them.

    Args:
        name: the family's name, in any case.
        settings: each ``section.key=value``, those of the section ``model`` being of the network,
            all others of the recipe.

    Raises:
        UsageError: there is no such family, or a setting is impossible.

    >>> model, recipe = configure("tinyRSNN", ["model.layers=2", "training.lr=0.001"])
    >>> model.name, recipe.training.lr
    ('tinyRSNN+layers2', 0.001)
    """
    family = find_family(name)
    sections = parse_settings(settings, all_keys())
    architecture = replace(family.architecture, **sections.pop(SECTION, {}))
    return FamilyModel(family, architecture), with_values(family.recipe, sections)


def all_keys() -> dict[str, type]:
    """The type of every setting by its key: those of the network, and the recipe's."""
    return section_keys(Architecture, SECTION) | key_types()


def model_spec(
    name: str, channels: int, outputs: int = OUTPUTS, step: float = CHALLENGE_STEP
) -> ModelSpec:
    """The specification of a family's decoder.

    Raises:
        UsageError: there is no such family.
    """
    return configure(name)[0].spec(channels, outputs, step)
