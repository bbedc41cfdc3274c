"""The two rules by which a search for sparsity goes on: what it tries next and what it accepts.

Both begin at ``start`` and go up in steps of ``step``; after the first sparsity that costs too much
they go on from the last good one in steps of ``fine_step``. Each is tried on the unpruned weights.

**published** is the rule of the code that made the published models
(https://github.com/fmi-basel/neural-decoding-RSNN, ``challenge/train.py``). A sparsity is compared
by the training R2 of the last epoch, as it comes out with dropout and while weights change, and
weights to remove are counted by cutting off, not by rounding. What costs too much in coarse steps
is followed by a fine step from the one below, be that lower than ``start``. What was refused in
coarse steps is tried again when fine steps reach it. Where nothing is good the unpruned weights
stay.

**clean** compares by R2 on the training part without dropout, which lets more through. Nothing
is tried twice, and ``start`` is kept whatever it costs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from nbsuite.training.recipe import PruningRecipe

_DIGITS = 9  # of the clean rule: sums of steps are rounded to these


@dataclass(frozen=True)
class PruningTrial:
    """What became of a decoder that was pruned and retrained.

    Attributes:
        sparsity: share of each matrix's weights that was removed.
        r2: training R2 after retraining, as the rule measures it.
    """

    sparsity: float
    r2: float


class Standing(NamedTuple):
    """Where a search stands.

    Attributes:
        next_level: the sparsity to try next; None once the search is finished.
        accepted: the trial whose weights would be kept now, if any.
    """

    next_level: float | None
    accepted: PruningTrial | None


Trials = Sequence[PruningTrial]
Rule = Callable[[PruningRecipe, float, Trials], Standing]


def costs_too_much(recipe: PruningRecipe, unpruned_r2: float, trial: PruningTrial) -> bool:
    """Whether R2 fell by more than the tolerated share of the unpruned decoder's."""
    return not trial.r2 - unpruned_r2 >= -abs(recipe.tolerance * unpruned_r2)


def published(recipe: PruningRecipe, unpruned_r2: float, trials: Trials) -> Standing:
    """The published rule; sparsities are sums of steps, rounding included."""
    level, fine, accepted = recipe.start, False, None
    for trial in trials:
        if not costs_too_much(recipe, unpruned_r2, trial):
            accepted = trial
            level += recipe.fine_step if fine else recipe.step
        elif fine:
            return Standing(None, accepted)
        else:
            level, fine = level - recipe.step + recipe.fine_step, True
    return Standing(level if 0 < level <= recipe.highest else None, accepted)


def clean(recipe: PruningRecipe, unpruned_r2: float, trials: Trials) -> Standing:
    """The clean rule."""
    if not trials:
        return Standing(recipe.start, None)
    refused = [trial for trial in trials if costs_too_much(recipe, unpruned_r2, trial)]
    good = [trial for trial in trials if trial not in refused]
    if not good:
        return Standing(None, trials[0])
    least = min((trial.sparsity for trial in refused), default=math.inf)
    for step in (recipe.step, recipe.fine_step):
        level = round(good[-1].sparsity + step, _DIGITS)
        if level <= recipe.highest and level < least:
            return Standing(level, good[-1])
    return Standing(None, good[-1])


RULES: Mapping[str, Rule] = {"published": published, "clean": clean}


def most_trials(recipe: PruningRecipe) -> int:
    """How many sparsities a search tries at most.

    >>> most_trials(PruningRecipe(rule="clean"))  # 40 % to 80 %, and 75 %
    6
    >>> most_trials(PruningRecipe())  # 40 %, and 35 % to 80 %
    11
    """
    if recipe.rule == "clean":
        fine = math.ceil(round(recipe.step / recipe.fine_step, _DIGITS)) - 1
        return _steps(recipe.start, recipe.highest, recipe.step) + fine
    coarse = _steps(recipe.start, recipe.highest, recipe.step)
    return max([coarse, *(_most_trials_refused_at(number, recipe) for number in range(coarse))])


def _most_trials_refused_at(number: int, recipe: PruningRecipe) -> int:
    """Trials at most of the published rule where it refuses that coarse step, counted from 0."""
    lowest = recipe.start + (number - 1) * recipe.step + recipe.fine_step
    fine = _steps(lowest, recipe.highest, recipe.fine_step) if lowest > 0 else 0
    return number + 1 + fine


def _steps(first: float, last: float, step: float) -> int:
    return max(0, math.floor(round((last - first) / step, _DIGITS)) + 1)
