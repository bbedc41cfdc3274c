"""By how much results may be worse than before without counting as worse."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nbsuite.benchmarking.tolerance import Tolerance
from nbsuite.errors import UsageError

_TOLERANCE = re.compile(
    r"(?P<metric>[\w.-]+)=(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE]-?\d{1,2})?)(?P<percent>%?)",
    re.ASCII,
)


def parse_tolerances(texts: Sequence[str]) -> dict[str, Tolerance]:
    """The tolerances that are named, by figure; others keep their own.

    Args:
        texts: ``r2=0.01`` in the metric's unit, or ``acs=5%`` of the old figure.

    Raises:
        UsageError: a text is none of these.
    """
    tolerances: dict[str, Tolerance] = {}
    for text in texts:
        found = _TOLERANCE.fullmatch(text.replace(" ", ""))
        if found is None:
            raise UsageError(
                f"'{text}' is no tolerance; write METRIC=AMOUNT as in r2=0.01, or acs=5%."
            )
        amount = float(found["number"])
        relative = bool(found["percent"])
        tolerances[found["metric"]] = Tolerance(amount / 100 if relative else amount, relative)
    return tolerances
