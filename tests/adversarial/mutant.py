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
