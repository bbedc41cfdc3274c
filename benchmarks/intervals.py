"""How often do 95 % intervals of R2 hold the true one, and how often do tests err?

    python benchmarks/intervals.py
    python benchmarks/intervals.py --trials 500

Draws decoders and sessions whose true R2 is known, and makes of each the intervals and comparisons
that nbsuite shows. Beside them stand the percentiles of the usual hierarchical bootstrap, which
draws sessions, seeds and runs of reaches again. For differences, the share of equal decoders that
are called different is told too; it ought to be 5 %, or less where a test is exact. Takes a few
minutes.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np

from nbsuite.statistics.block_errors import BlockErrors
from nbsuite.statistics.intervals import r2_interval
from nbsuite.statistics.paired import PairedComparison, compare_on_recordings, compare_sessions
from nbsuite.statistics.resampling import draw_blocks, drawn_errors
from nbsuite.statistics.uncertain import Interval

tests = types.ModuleType("tests")
tests.__path__ = [str(Path(__file__).resolve().parents[1] / "tests")]
sys.modules["tests"] = tests

from tests.statistics.simulated import Scatter, draw_decoder, draw_session  # noqa: E402

R2 = 0.65
LEVEL = 0.95
MEASURED = Scatter()
ROUGH = Scatter(reaches=0.8, neighbours=0.4, seeds=0.06, both=0.4)


class Case(NamedTuple):
    """What is simulated: sessions of so many reaches, and so many seeds on each.

    Of one seed on one session, what is asked for is the R2 of that trained decoder.
    """

    sessions: int
    reaches: int
    seeds: int
    scatter: Scatter
    name: str


CASES = [
    Case(1, 240, 1, replace(MEASURED, seeds=0.0), "usual"),
    *(Case(1, 240, seeds, MEASURED, "usual") for seeds in (2, 3, 5)),
    Case(1, 80, 5, MEASURED, "usual"),
    Case(1, 30, 5, MEASURED, "usual"),
    Case(1, 240, 1, replace(ROUGH, seeds=0.0), "rough"),
    Case(1, 240, 5, ROUGH, "rough"),
    Case(3, 240, 5, MEASURED, "usual"),
    Case(6, 240, 5, MEASURED, "usual"),
    Case(6, 240, 5, ROUGH, "rough"),
]


@click.command()
@click.option("--trials", default=2000, show_default=True, help="Simulated studies a case.")
@click.option("--draws", default=400, show_default=True, help="Draws of the usual bootstrap.")
def main(trials: int, draws: int) -> None:
    """See how often intervals hold what they ought to."""
    print(f"Share of {trials} simulated studies whose 95 % interval holds the true R2, %")
    print("sessions reaches seeds scatter   ours  percentiles of the usual bootstrap")
    for case in CASES:
        ours, usual = coverage(case, trials, draws)
        print(
            f"{case.sessions:8d} {case.reaches:7d} {case.seeds:5d} {case.name:7s}"
            f" {100 * ours:6.1f} {100 * usual:6.1f}",
            flush=True,
        )
    print()
    print("The same of the difference of two decoders, and equal decoders called different, %")
    print("sessions reaches seeds scatter   comparison      holds  errs")
    for case in CASES:
        for name, compare in COMPARISONS.items():
            if case.sessions > 1 or compare is compare_on_recordings:
                holds, errs = comparison_coverage(case, compare, trials)
                print(
                    f"{case.sessions:8d} {case.reaches:7d} {case.seeds:5d} {case.name:7s}"
                    f"   {name:15s} {100 * holds:5.1f} {100 * errs:5.1f}",
                    flush=True,
                )


def coverage(case: Case, trials: int, draws: int) -> tuple[float, float]:
    """How often our intervals, and those of the usual bootstrap, hold the true R2."""
    rng = np.random.default_rng(1)
    ours = usual = 0
    for _ in range(trials):
        blocks = [_decoder(case, R2, rng) for _ in range(case.sessions)]
        ours += _holds(r2_interval(blocks, LEVEL), R2)
        usual += _holds(_percentiles(blocks, draws, rng), R2)
    return ours / trials, usual / trials


def _decoder(case: Case, r2: float, rng: np.random.Generator) -> BlockErrors:
    session = draw_session(case.reaches, case.scatter, rng)
    if case.sessions > 1:
        r2 += case.scatter.sessions * rng.standard_normal()
    return draw_decoder(session, r2, case.seeds, case.scatter, rng)


def _holds(interval: Interval | None, truth: float) -> bool:
    return interval is not None and interval.low <= truth <= interval.high


def _percentiles(blocks: Sequence[BlockErrors], draws: int, rng: np.random.Generator) -> Interval:
    """The usual hierarchical bootstrap: everything drawn again, and percentiles taken."""
    weights = draw_blocks(len(blocks[0]), draws)
    drawn = np.stack(
        [
            np.stack(
                [
                    1 - drawn_errors(BlockErrors(each.steps, each.sums, each.squares, one), weights)
                    for one in each.errors[:, np.newaxis]
                ]
            )
            for each in blocks
        ]
    )  # (sessions, seeds, draws)
    sessions, seeds, _ = drawn.shape
    means = []
    for draw in range(draws):
        chosen = rng.integers(sessions, size=sessions)
        means.append(
            np.mean([drawn[each, rng.integers(seeds, size=seeds), draw].mean() for each in chosen])
        )
    low, high = np.percentile(means, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return Interval(float(low), float(high), LEVEL)


Compare = Callable[..., PairedComparison | None]
COMPARISONS: dict[str, Compare] = {
    "on these": compare_on_recordings,
    "over sessions": compare_sessions,
}


def comparison_coverage(case: Case, compare: Compare, trials: int) -> tuple[float, float]:
    """How often the interval holds the true difference, 0, and how often 0 is denied."""
    rng = np.random.default_rng(2)
    holds = errs = 0
    for _ in range(trials):
        first, second = {}, {}
        for number in range(case.sessions):
            session = draw_session(case.reaches, case.scatter, rng)
            r2 = R2 + case.scatter.sessions * rng.standard_normal()
            over_sessions = compare is compare_sessions
            for decoder in (first, second):
                own = 0.01 * rng.standard_normal() if over_sessions else 0.0
                decoder[str(number)] = draw_decoder(
                    session, r2 + own, case.seeds, case.scatter, rng, of_its_own=0.5
                )
        if over_sessions:
            first, second = (
                {key: float(b.r2().mean()) for key, b in each.items()} for each in (first, second)
            )
        found = compare(first, second)
        assert found is not None
        holds += _holds(found.interval, 0.0)
        errs += found.significant
    return holds / trials, errs / trials


if __name__ == "__main__":
    main()
