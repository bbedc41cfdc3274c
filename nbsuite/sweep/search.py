"""Hyperparameter search: the combinations of a grid, or random draws."""

from __future__ import annotations

import hashlib
import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nbsuite.training.randomness import generator_of

Value = int | float | str

_DIGITS = 4
_LONGEST_NAME = 100


@dataclass(frozen=True)
class Variant:
    """One of the recipes that a study tries.

    Attributes:
        settings: what tells it from the others, each ``section.key=value``.
    """

    settings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its settings as the name of a folder; long ones are cut and told apart by a digest.

        >>> Variant(("training.lr=0.001", "dropout.input=0.1")).name
        'training.lr=0.001_dropout.input=0.1'
        """
        name = re.sub(r"[^\w.=+-]", "-", "_".join(self.settings), flags=re.ASCII)
        if len(name) <= _LONGEST_NAME:
            return name
        address = hashlib.sha256("\n".join(self.settings).encode()).hexdigest()[:12]
        return f"{name[:_LONGEST_NAME]}_{address}"


BASE = Variant()


@dataclass(frozen=True)
class Interval:
    """The values of a hyperparameter between two bounds, both included.

    Attributes:
        low: the lower bound.
        high: the upper bound, not below it.
        log: the logarithm is uniform, not the value; both bounds are then above 0.
        whole: whole numbers only.
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def draw(self, generator: np.random.Generator) -> Value:
        """A value, of four digits where it is not whole: enough, and readable."""
        share = generator.random()
        if self.log:
            value = math.exp((1 - share) * math.log(self.low) + share * math.log(self.high))
        elif self.whole:
            value = math.floor(self.low + share * (self.high - self.low + 1))
        else:
            value = self.low + share * (self.high - self.low)
        rounded = round(value) if self.whole else float(f"{value:.{_DIGITS}g}")
        return min(max(rounded, self.low), self.high)


Space = Mapping[str, Sequence[Value] | Interval]


def grid_variants(values: Mapping[str, Sequence[Value]]) -> tuple[Variant, ...]:
    """Every combination of the values, the last key changing fastest.

    >>> [each.name for each in grid_variants({"training.lr": [0.1, 0.2]})]
    ['training.lr=0.1', 'training.lr=0.2']
    """
    return _distinct(
        Variant(tuple(map(setting_text, values, chosen)))
        for chosen in itertools.product(*values.values())
    )


def random_variants(space: Space, count: int, seed: int) -> tuple[Variant, ...]:
    """Random draws; those of a smaller count are the first of a larger one.

    Args:
        space: values to choose from, or an interval, by the hyperparameter's key.
        count: how many; draws that happen to be alike count once.
        seed: the random seed, 0 or more.
    """
    return _distinct(
        Variant(
            tuple(
                setting_text(key, _draw(space[key], generator_of(seed, "search", key, number)))
                for key in space
            )
        )
        for number in range(count)
    )


def setting_text(key: str, value: Value) -> str:
    """A hyperparameter and its value as ``--set`` takes them."""
    return f"{key}={value}"


def _draw(among: Sequence[Value] | Interval, generator: np.random.Generator) -> Value:
    if isinstance(among, Interval):
        return among.draw(generator)
    return among[int(generator.integers(len(among)))]


def _distinct(variants: Iterable[Variant]) -> tuple[Variant, ...]:
    return tuple(dict.fromkeys(variants))
