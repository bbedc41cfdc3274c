"""What a mutation makes, and how one among several is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from tests.adversarial.box import Place

Item = TypeVar("Item")


@dataclass(frozen=True)
class Mutant:
    """A file that is not what it was.

    Attributes:
        what: what was done to it, in a few words; the first one names the class of mutation.
        content: its content, or what makes it where it is no plain file.
        wrong: whether it is wrong by construction, so that nobody may take it.
    """

    what: str
    content: bytes | Place
    wrong: bool = False


Mutator = Callable[[bytes, Random], Mutant]
"""Makes a mutant of a file's sound content."""


def draw(rng: Random, choices: Sequence[tuple[int, Item]]) -> Item:
    """One of several, each as often as its weight says."""
    weights = [weight for weight, _ in choices]
    return rng.choices([item for _, item in choices], weights)[0]


def refusing(mutator: Mutator, *classes: str) -> Mutator:
    """The mutator, knowing that mutants of these classes are wrong in the kind of file at hand."""

    def mutate(content: bytes, rng: Random) -> Mutant:
        mutant = mutator(content, rng)
        is_wrong = mutant.what.partition(":")[0] in classes
        return Mutant(mutant.what, mutant.content, mutant.wrong or is_wrong)

    return mutate
