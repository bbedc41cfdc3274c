"""Kill storms: jobs ended by SIGKILL at random moments, begun again, and held to the same bytes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.adversarial.box import Box
from tests.adversarial.child import start
from tests.adversarial.corpus import Corpus
from tests.adversarial.final import differences, final_state
from tests.adversarial.forks import Finding, gather
from tests.adversarial.storms import SERVER_TOKEN, Storm

PATIENCE = 120.0
"""Longest that a job may take, in seconds: something is wrong if it does."""

_KILLS_A_ROUND = 3


@dataclass
class StormResult:
    """How a storm went.

    Attributes:
        name: the job's name.
        kills: how often it was killed while it was at work.
        rounds: how often it was begun from nothing and brought to its end.
        seconds: how long that took.
        faults: in what rounds it came out otherwise than undisturbed.
    """

    name: str
    kills: int = 0
    rounds: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)


class KillLane:
    """Runs storms in a box of its own.

    Args:
        folder: where the box is.
        corpus: the sound files.
        seed: of all moments.
    """

    def __init__(self, folder: Path, corpus: Corpus, seed: int) -> None:
        self._box = Box(folder / "root")
        self._logs = [folder / "stdout", folder / "stderr"]
        folder.mkdir(parents=True, exist_ok=True)
        self._corpus, self._seed = corpus, seed

    def run(self, storm: Storm, kills: int) -> StormResult:
        """Kill a job so many times, and compare what it comes to each time it ends."""
        result, begun = StormResult(storm.name), time.monotonic()
        moments = Random(f"{self._seed}/kills/{storm.name}")
        self._box.fill(storm.files(self._corpus))
        undisturbed = time.monotonic()
        if fault := self._finish(storm):
            result.faults.append(f"undisturbed: {fault}")
            return result
        duration = time.monotonic() - undisturbed
        expected = final_state(self._box.path, storm.outcome)
        while result.kills < kills:
            self._round(storm, result, min(_KILLS_A_ROUND, kills - result.kills), moments, duration)
            self._compare(storm, result, expected)
        result.seconds = time.monotonic() - begun
        return result

    def _round(
        self, storm: Storm, result: StormResult, most: int, moments: Random, duration: float
    ) -> None:
        """From nothing to the end, with kills on the way."""
        self._box.fill(storm.files(self._corpus))
        result.rounds += 1
        for _ in range(most):
            process = self._start(storm)
            time.sleep(moments.uniform(0.0, duration))
            status = self._kill(process, alone=storm.forks and moments.random() < 0.5)
            if status == 0:
                return
            if status != -signal.SIGKILL:
                result.faults.append(f"round {result.rounds}: status {status}, {self._said()}")
                return
            result.kills += 1
        if fault := self._finish(storm):
            result.faults.append(f"round {result.rounds}: {fault}")

    def _compare(self, storm: Storm, result: StormResult, expected: dict[str, Any]) -> None:
        found = final_state(self._box.path, storm.outcome)
        for difference in differences(expected, found):
            result.faults.append(f"round {result.rounds}: {difference}")

    def _finish(self, storm: Storm) -> str | None:
        """Let the job end by itself; what is wrong with how it did."""
        process, deadline = self._start(storm), time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                code = os.waitstatus_to_exitcode(status)
                return f"status {code}, {self._said()}" if code else None
            time.sleep(0.002)
        self._kill(process, alone=False)
        return "it does not come to an end"

    def _start(self, storm: Storm) -> int:
        environment = self._box.environment()
        environment["NBSUITE_ZENODO"] = f"{self._corpus.server}/{SERVER_TOKEN}"
        if not storm.forks:
            return start(storm.arguments, self._box.path, environment, self._logs, limited=False)
        command = [str(Path(sys.executable).with_name("nbsuite")), *storm.arguments]
        with self._logs[0].open("wb") as out, self._logs[1].open("wb") as err:
            return subprocess.Popen(
                command,
                cwd=self._box.path,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                process_group=0,
            ).pid

    def _kill(self, process: int, *, alone: bool) -> int:
        """Kill a job, or its first process alone, and wait until all of it is gone."""
        with suppress(ProcessLookupError):
            (os.kill if alone else os.killpg)(process, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        deadline = time.monotonic() + (PATIENCE if alone else 0.0)
        while _group_lives(process) and time.monotonic() < deadline:
            time.sleep(0.01)
        with suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)
        return status

    def _said(self) -> str:
        return repr(self._logs[1].read_text(errors="replace")[-300:])


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def run_storms(
    lanes: Sequence[KillLane], storms: Sequence[Storm], kills: int
) -> Iterator[StormResult]:
    """Share storms among lanes, each in a fork of its own, and give the results as they come."""
    shares = share_kills(storms, kills)
    works = [_run_all(lane, shares[number :: len(lanes)]) for number, lane in enumerate(lanes)]
    return (StormResult(**finding) for finding in gather(works))


def _run_all(lane: KillLane, shares: Iterable[tuple[Storm, int]]) -> Iterator[Finding]:
    return (asdict(lane.run(*share)) for share in shares)


def share_kills(storms: Sequence[Storm], kills: int) -> list[tuple[Storm, int]]:
    """How often each job is killed, all together as often as asked for."""
    total, left = sum(storm.share for storm in storms), kills
    shares = []
    for storm in storms:
        part = min(left, -(-kills * storm.share // total))
        left -= part
        if part:
            shares.append((storm, part))
    return shares
