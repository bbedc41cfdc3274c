"""Hold session twins against every figure known of the real sessions.

    python benchmarks/twin_statistics.py I1 L2
    python benchmarks/twin_statistics.py all --fraction 0.25 --seed 3

Generates each twin in a temporary folder, loads it with NeuroBench's own loader, measures it, and
prints figure, real value, the twin's, tolerance and verdict. Exit status 1 when one is out of
tolerance. A full session takes about a minute.
"""

from __future__ import annotations

import sys
import tempfile
import time
import types
from pathlib import Path

import click

from nbsuite.data.sessions import Session
from nbsuite.data.twins.generate import write_twin
from nbsuite.tasks.known import find_session
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING

# The measures are shared with the tests. The repository's root stays off the path: there, ./nbsuite
# alone would be taken for the whole.
tests = types.ModuleType("tests")
tests.__path__ = [str(Path(__file__).resolve().parents[1] / "tests")]
sys.modules["tests"] = tests

from tests.data.twin_figures.measure import measure, read_contents  # noqa: E402
from tests.data.twin_figures.reference import expectations  # noqa: E402


@click.command()
@click.argument("sessions", nargs=-1)
@click.option("--fraction", default=1.0, show_default=True, help="Share of the real length.")
@click.option("--seed", default=1, show_default=True, help="Random seed of the twins.")
def main(sessions: tuple[str, ...], fraction: float, seed: int) -> None:
    """Check the twins of SESSIONS (I1 by default; `all` for the six)."""
    chosen = (
        PRIMATE_REACHING.sessions
        if "all" in sessions
        else [find_session(s) for s in sessions or ["I1"]]
    )
    missed = sum([_check(session, fraction, seed) for session in chosen])
    sys.exit(1 if missed else 0)


def _check(session: Session, fraction: float, seed: int) -> int:
    """Print the table of one twin; return how many figures miss."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{session.name}.mat"
        began = time.perf_counter()
        write_twin(session, path, fraction=fraction, seed=seed)
        seconds, megabytes = time.perf_counter() - began, path.stat().st_size / 1e6
        figures = measure(read_contents(path))
    click.echo(
        f"\n{session.label}: twin of fraction {fraction:g}, seed {seed},"
        f" generated in {seconds:.1f} s, {megabytes:.0f} MB\n"
    )
    click.echo("| figure | real | twin | tolerance | |\n|---|---|---|---|---|")
    missed = 0
    for expected in expectations(session, fraction):
        value = figures[expected.name]
        holds = expected.holds(value)
        missed += not holds
        tolerance = f"± {expected.tolerance:.3g}" if expected.tolerance else "exact"
        verdict = "ok" if holds else "MISS"
        shown = f"{expected.real:.7g} | {_rounded(value)}"
        click.echo(f"| {expected.name} | {shown} | {tolerance} | {verdict} |")
    click.echo(f"\n{missed} out of tolerance.")
    return missed


def _rounded(value: float) -> str:
    """Counts in full, everything else to three figures."""
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.3g}"


if __name__ == "__main__":
    main()
