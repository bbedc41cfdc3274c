"""Runs of cases, one after another, in a process of its own: two of them use both cores."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.adversarial.box import Box, Files
from tests.adversarial.cached import with_cache
from tests.adversarial.child import Outcome, run
from tests.adversarial.corpus import Corpus
from tests.adversarial.forks import Finding, gather
from tests.adversarial.judge import faults
from tests.adversarial.kinds import Case, Kind, make_case

Job = tuple[Kind, int]
"""A kind and the number of a case."""


@dataclass(frozen=True)
class Result:
    """How a case ended.

    Attributes:
        kind: the kind's name.
        number: the case's number.
        what: what was done to which file.
        command: the command line.
        status: its exit status.
        seconds: how long it took.
        peak: most bytes resident at a time.
        faults: in what it broke the rule.
        said: the end of what it printed on standard error, if it broke the rule.
    """

    kind: str
    number: int
    what: str
    command: str
    status: int
    seconds: float
    peak: int
    faults: list[str]
    said: str

    @property
    def signature(self) -> tuple[str, str]:
        """What tells one failure from another: the kind, and the fault without names and digits."""
        return self.kind, re.sub(r"[\d.]+|\S*/\S+", "#", "; ".join(self.faults))


class Lane:
    """Runs cases in a box of its own.

    Args:
        folder: where the box is.
        corpus: the sound files.
        seed: of all cases.
        keep: a folder for the boxes of failures, if they are to be kept.
    """

    def __init__(self, folder: Path, corpus: Corpus, seed: int, keep: Path | None = None) -> None:
        self._box = Box(folder / "root")
        self._logs = folder / "logs"
        self._logs.mkdir(parents=True)
        self._seed, self._keep = seed, keep
        self._corpus = with_cache(corpus, self._box, self._logs)

    def run(self, kind: Kind, number: int) -> Result:
        """Make a case, run it and judge it."""
        case = make_case(kind, number, self._seed, self._corpus)
        self._box.fill(case.files)
        before = self._box.snapshot()
        environment = {**self._box.environment(), **case.environment}
        outcome = run(case.arguments, self._box.path, environment, self._logs)
        after = self._box.snapshot()
        outputs = self._written(before, after)
        found = faults(outcome, case.rule, before, after, outputs)
        if found and self._keep is not None:
            folder = self._keep / f"{kind.name}-{self._seed}-{number}"
            self._keep_box(case, outcome, found, folder)
        return Result(
            kind.name,
            number,
            case.what,
            "nbsuite " + " ".join(case.arguments),
            outcome.status,
            outcome.seconds,
            outcome.peak,
            found,
            outcome.stderr.decode(errors="replace")[-600:] if found else "",
        )

    def _written(self, before: Mapping[str, str], after: Mapping[str, str]) -> Files:
        """The files that are new or other in the output folder, and not too large to read."""
        names = [name for name, mark in after.items() if before.get(name) != mark]
        paths = {name: self._box.path / name for name in names if name.startswith("out/")}
        return {name: path.read_bytes() for name, path in paths.items() if path.is_file()}

    def _keep_box(self, case: Case, outcome: Outcome, found: Sequence[str], folder: Path) -> None:
        """Keep what the command was given, and what it said."""
        self._box.fill(case.files)
        shutil.rmtree(folder, ignore_errors=True)
        names = [name for name, content in case.files.items() if isinstance(content, bytes)]
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self._box.path / name, folder / name)
        folder.mkdir(parents=True, exist_ok=True)
        command = "nbsuite " + " ".join(case.arguments)
        said = outcome.stderr.decode(errors="replace")
        text = "\n".join([case.what, command, f"status {outcome.status}", *found, "", said])
        (folder / "failure.txt").write_text(text, encoding="utf-8", errors="replace")


def run_lanes(lanes: Sequence[Lane], jobs: Sequence[Job]) -> Iterator[Result]:
    """Share jobs among lanes, each in a fork of its own, and give the results as they come."""
    shares = [_run_all(lane, jobs[number :: len(lanes)]) for number, lane in enumerate(lanes)]
    return (Result(**finding) for finding in gather(shares))


def _run_all(lane: Lane, jobs: Iterable[Job]) -> Iterator[Finding]:
    return (asdict(lane.run(*job)) for job in jobs)
