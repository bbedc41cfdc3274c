"""Counts of an attack, and what is printed of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from time import monotonic

from tests.adversarial.lane import Result


class Tally:
    """Counts results as they come.

    Attributes:
        failures: the results that broke the rule, by signature.
    """

    def __init__(self) -> None:
        self.failures: dict[tuple[str, str], list[Result]] = defaultdict(list)
        self._statuses: dict[str, Counter[int]] = defaultdict(Counter)
        self._slowest: Result | None = None
        self._largest: Result | None = None
        self._begun = monotonic()

    def add(self, result: Result) -> None:
        """Count a result."""
        self._statuses[result.kind][result.status] += 1
        if self._slowest is None or result.seconds > self._slowest.seconds:
            self._slowest = result
        if self._largest is None or result.peak > self._largest.peak:
            self._largest = result
        if result.faults:
            self.failures[result.signature].append(result)

    @property
    def cases(self) -> int:
        """How many there were."""
        return sum(counts.total() for counts in self._statuses.values())

    def lines(self) -> Iterator[str]:
        """The counts, and one example of every failure."""
        for kind, counts in sorted(self._statuses.items()):
            parts = (f"{count} x {status}" for status, count in sorted(counts.items()))
            yield f"{kind:12} {counts.total():7}  exit statuses: {', '.join(parts)}"
        if self._slowest is not None and self._largest is not None:
            slow, large = self._slowest, self._largest
            yield f"slowest {slow.seconds:.2f} s: {slow.kind} {slow.number}, {slow.what}"
            yield f"largest {large.peak / 1e6:.0f} MB: {large.kind} {large.number}, {large.what}"
        yield f"{self.cases} cases in {monotonic() - self._begun:.0f} s"
        for (kind, _), results in sorted(self.failures.items()):
            first = results[0]
            yield f"FAILED {len(results)} x {kind} (case {first.number}): {'; '.join(first.faults)}"
            yield f"    {first.what!a}\n    {first.command}"
            yield "    " + repr(first.said[-300:])
