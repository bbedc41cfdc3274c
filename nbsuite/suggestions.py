"""What a name that is not known was perhaps meant to be."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher

_CUTOFF = 0.5
_SLACK = 0.1
_LONGEST_NAME = 100
_MOST_NAMES = 3


def did_you_mean(name: str, known: Iterable[str], *, otherwise: str = "") -> str:
    """The end of a sentence that refuses a name: the known names closest to it, or all of them.

    Args:
        name: what was given.
        known: what could have been given; case does not matter for likeness.
        otherwise: what to say if nothing is close, in place of the list of all that is known.

    Returns:
        ``did you mean a or b?`` with at most three names, or ``known are a, b, c.``
    """
    names = list(dict.fromkeys(known))
    if close := _closest(name[:_LONGEST_NAME].lower(), names):
        return f"did you mean {' or '.join(close)}?"
    return otherwise or f"known are {', '.join(names)}."


def _closest(name: str, known: list[str]) -> list[str]:
    """The names about as similar to ``name`` as the most similar one, which comes first."""
    ratios = {each: SequenceMatcher(None, each.lower(), name).ratio() for each in known}
    best = max(ratios.values(), default=0.0)
    if best < _CUTOFF:
        return []
    ranked = sorted(ratios, key=lambda each: -ratios[each])
    return [each for each in ranked if ratios[each] >= best - _SLACK][:_MOST_NAMES]
