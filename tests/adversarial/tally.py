"""Counts of an attack, and what is printed of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from time import monotonic

from tests.adversarial.kills import StormResult
from tests.adversarial.lane import Result


class Tally:
    """Counts results as they come.

    Attributes:
        failures: the results that broke the rule, by signature.
        storms: the storms of kills.
    """

    def __init__(self) -> None:
        self.failures: dict[tuple[str, str], list[Result]] = defaultdict(list)
        self.storms: list[StormResult] = []
        self._statuses: dict[str, Counter[int]] = defaultdict(Counter)
        self._slowest: Result | None = None
        self._largest: Result | None = None
        self._begun = monotonic()

    def add_storm(self, result: StormResult) -> None:
        """Count a storm of kills."""
        self.storms.append(result)

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

    @property
    def is_clean(self) -> bool:
        """Whether nothing broke the rule."""
        return not self.failures and not any(storm.faults for storm in self.storms)

    def lines(self) -> Iterator[str]:
        """The counts, and one example of every failure."""
        for kind, counts in sorted(self._statuses.items()):
            parts = (f"{count} x {status}" for status, count in sorted(counts.items()))
            yield f"{kind:12} {counts.total():7}  exit statuses: {', '.join(parts)}"
        if self._slowest is not None and self._largest is not None:
            slow, large = self._slowest, self._largest
            yield f"slowest {slow.seconds:.2f} s: {slow.kind} {slow.number}, {slow.what}"
            yield f"largest {large.peak / 1e6:.0f} MB: {large.kind} {large.number}, {large.what}"
        for storm in self.storms:
            yield f"{storm.name:12} {storm.kills:7}  kills, {storm.rounds} times to the end"
        kills = sum(storm.kills for storm in self.storms)
        took = f"{monotonic() - self._begun:.0f} s"
        yield f"{self.cases} cases and {kills} kills in {took}, {self._broken()} broke the rule"
        for (kind, _), results in sorted(self.failures.items()):
            yield from _failure(kind, results)
        for storm in self.storms:
            yield from (f"FAILED {storm.name}, {fault}" for fault in storm.faults)

    def _broken(self) -> int:
        cases = sum(map(len, self.failures.values()))
        return cases + sum(len(storm.faults) for storm in self.storms)


def _failure(kind: str, results: Sequence[Result]) -> Iterator[str]:
    """One example of a failure, in characters that a terminal can show."""
    first = results[0]
    yield f"FAILED {len(results)} x {kind} (case {first.number}): {'; '.join(first.faults)!a}"
    yield f"    {first.what!a}"
    yield f"    {first.command}"
    yield f"    {first.said[-300:]!a}"
