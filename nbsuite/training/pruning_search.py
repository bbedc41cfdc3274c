"""How far to prune: a search that its trials alone decide, so that it can go on after any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from nbsuite.training.pruning_rules import RULES, PruningTrial, Standing, costs_too_much
from nbsuite.training.recipe import PruningRecipe
from nbsuite.untrusted.fields import decode

_SAME_LEVEL = 1e-9


@dataclass(frozen=True)
class _Told:
    """A search as plain JSON values."""

    unpruned_r2: float
    trials: tuple[PruningTrial, ...]


@dataclass(frozen=True)
class PruningSearch:
    """A search as far as it has come: the trials so far decide what is next.

    Attributes:
        recipe: the sparsities to try, what they may cost, and the rule.
        unpruned_r2: training R2 of the decoder before pruning, as the rule measures it.
        trials: what was tried, in order.

    >>> search = PruningSearch(PruningRecipe(), unpruned_r2=0.70)
    >>> search.next_level
    0.4
    >>> search = search.report(0.70).report(0.69).report(0.65)
    >>> round(search.next_level, 9), search.accepted
    (0.55, PruningTrial(sparsity=0.5, r2=0.69))
    """

    recipe: PruningRecipe
    unpruned_r2: float
    trials: tuple[PruningTrial, ...] = ()

    @property
    def next_level(self) -> float | None:
        """The sparsity to try next; None once the search is finished."""
        return self._standing.next_level

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to try."""
        return self.next_level is None

    @property
    def accepted(self) -> PruningTrial | None:
        """The trial whose weights are kept as things stand, if any."""
        return self._standing.accepted

    @property
    def last_accepted(self) -> bool:
        """Whether the weights of the last trial are those that are kept as things stand."""
        return bool(self.trials) and self.accepted is self.trials[-1]

    @property
    def attempt(self) -> int:
        """How often ``next_level`` was tried before."""
        level = self.next_level
        return sum(
            level is not None and abs(trial.sparsity - level) < _SAME_LEVEL for trial in self.trials
        )

    @property
    def tolerance_exceeded(self) -> bool:
        """Whether what is kept cost too much: the least sparsity, by the clean rule."""
        return self.accepted is not None and not self.is_good(self.accepted)

    def report(self, r2: float) -> PruningSearch:
        """The search after ``next_level`` has been tried.

        Raises:
            ValueError: the search is finished.
        """
        level = self.next_level
        if level is None:
            raise ValueError("the search is finished: there is no level to report on")
        return replace(self, trials=(*self.trials, PruningTrial(level, r2)))

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values, all but the recipe."""
        trials = [asdict(trial) for trial in self.trials]
        return {"unpruned_r2": self.unpruned_r2, "trials": trials}

    @classmethod
    def from_json(cls, values: Mapping[str, Any], recipe: PruningRecipe) -> PruningSearch:
        """The inverse of :meth:`to_json`.

        Raises:
            FormatFault: the values do not describe a search.
        """
        told = decode(_Told, values)
        return cls(recipe, told.unpruned_r2, told.trials)

    def is_good(self, trial: PruningTrial) -> bool:
        """Whether a trial cost no more than the tolerance; an R2 that is no number did."""
        return not costs_too_much(self.recipe, self.unpruned_r2, trial)

    @property
    def _standing(self) -> Standing:
        return RULES[self.recipe.rule](self.recipe, self.unpruned_r2, self.trials)
