"""How far to prune: raise the sparsity in coarse steps, then in fine ones.

Sparsities are tried from ``start`` upwards in steps of ``step``. After the first that costs too
much R2 (or where the next would pass ``highest``), the search goes on from the last good one in
steps of ``fine_step``, and ends with the next that costs too much. Each is tried on the unpruned
weights. A sparsity costs too much when the training R2 falls by more than ``tolerance`` of the
unpruned decoder's:

    r2 < unpruned_r2 - tolerance |unpruned_r2|

``start`` is the least sparsity asked for, and is accepted whatever it costs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from nbsuite.training.recipe import PruningRecipe

_DIGITS = 9  # sums of steps are rounded to these, so that 0.4 + 0.1 + 0.1 + 0.1 is 0.7


def most_trials(recipe: PruningRecipe) -> int:
    """How many sparsities a search tries at most: all coarse ones, then fine ones below the last.

    >>> most_trials(PruningRecipe())  # 40 % to 80 %, and 75 %
    6
    """
    coarse = math.floor(round((recipe.highest - recipe.start) / recipe.step, _DIGITS)) + 1
    fine = math.ceil(round(recipe.step / recipe.fine_step, _DIGITS)) - 1
    return coarse + fine


@dataclass(frozen=True)
class PruningTrial:
    """What became of a decoder that was pruned and retrained.

    Attributes:
        sparsity: share of each matrix's weights that was removed.
        r2: R2 on the training windows after retraining.
    """

    sparsity: float
    r2: float


@dataclass(frozen=True)
class PruningSearch:
    """A search as far as it has come: the trials so far decide what is next.

    Attributes:
        recipe: the sparsities to try, and what they may cost.
        unpruned_r2: R2 on the training windows of the decoder before pruning.
        trials: what was tried, in order.

    >>> search = PruningSearch(PruningRecipe(), unpruned_r2=0.70)
    >>> search.next_level
    0.4
    >>> search = search.report(0.70).report(0.69).report(0.65)
    >>> search.next_level, search.accepted
    (0.55, PruningTrial(sparsity=0.5, r2=0.69))
    """

    recipe: PruningRecipe
    unpruned_r2: float
    trials: tuple[PruningTrial, ...] = ()

    @property
    def next_level(self) -> float | None:
        """The sparsity to try next; None once the search is finished."""
        if self.accepted is None:
            return self.recipe.start
        if self.tolerance_exceeded:
            return None
        refused = [trial.sparsity for trial in self.trials if not self.is_good(trial)]
        for step in (self.recipe.step, self.recipe.fine_step):
            level = round(self.accepted.sparsity + step, _DIGITS)
            if level <= self.recipe.highest and level < min(refused, default=math.inf):
                return level
        return None

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to try."""
        return self.next_level is None

    @property
    def accepted(self) -> PruningTrial | None:
        """The sparsest trial that did not cost too much, else the first; None before any."""
        good = [trial for trial in self.trials if self.is_good(trial)]
        if good:
            return good[-1]
        return self.trials[0] if self.trials else None

    @property
    def tolerance_exceeded(self) -> bool:
        """Whether even the least sparsity cost too much, and was accepted all the same."""
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
            KeyError, TypeError: the values do not describe a search.
        """
        trials = tuple(PruningTrial(**trial) for trial in values["trials"])
        return cls(recipe, values["unpruned_r2"], trials)

    def is_good(self, trial: PruningTrial) -> bool:
        """Whether a trial cost no more than the tolerance; an R2 that is no number did."""
        return trial.r2 >= self.unpruned_r2 - self.recipe.tolerance * abs(self.unpruned_r2)
