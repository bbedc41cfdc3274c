"""Small studies, and workers that are none: they do each task here and at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from nbsuite.cli.main import main
from nbsuite.data.folders import twin_path
from nbsuite.data.twins.generate import write_twin
from nbsuite.sweep.pool import Lost
from nbsuite.sweep.worker import Call, Ended, perform
from nbsuite.tasks.known import find_session

SETTINGS = {
    "windows.steps": 50,
    "windows.offset_steps": 25,
    "training.batch": 50,
    "training.schedule_epochs": 20,
    "pretrain.epochs": 2,
    "finetune.epochs": 24,
    "prune.epochs": 2,
    "prune.highest": 0.5,
}


@pytest.fixture(scope="session")
def short_twins(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Twins of I1 and I2 of a fiftieth of their length."""
    folder = tmp_path_factory.mktemp("short-twins")
    paths = {}
    for label in ("I1", "I2"):
        session = find_session(label)
        paths[label] = twin_path(session, folder, fraction=0.02)
        paths[label].parent.mkdir(exist_ok=True)
        write_twin(session, paths[label], fraction=0.02)
    return paths


@pytest.fixture(scope="session")
def single_commands(short_twins: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``nbsuite train`` makes of the small study: two sessions, three seeds."""
    twins = [str(path) for path in short_twins.values()]
    options = [part for twin in twins for part in ("--session", twin, "--pretrain-on", twin)]
    options += [part for item in SETTINGS.items() for part in ("--set", "{}={}".format(*item))]
    options += ["--stages", "pretrain,finetune,half", "--seed", "1-3", "--threads", "1"]
    root = tmp_path_factory.mktemp("single")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nbsuite.training.stage_run._draw", lambda *_: None)
        patch.setattr("nbsuite.submissions.results.measuring.draw_job", lambda *_: None)
        outcome = CliRunner().invoke(main, ["train", "tinyRSNN", *options, "-o", str(root), "-q"])
    assert outcome.exit_code == 0, outcome.output
    return root


@pytest.fixture
def write_study(tmp_path: Path, short_twins: dict[str, Path]) -> Callable[..., Path]:
    """Function that writes a study file: its head, its recipe's changes, and what follows."""

    def write(head: str = "", tail: str = "", name: str = "small", **settings: object) -> Path:
        twins = [str(path) for path in short_twins.values()]
        recipe = {**SETTINGS, **{key.replace("__", "."): each for key, each in settings.items()}}
        lines = [f"{key} = {value!r}" for key, value in recipe.items() if value is not None]
        path = tmp_path / f"{name}.toml"
        own = f'models = ["tinyRSNN"]\nsessions = {twins}\npretrain_on = {twins}\n'
        path.write_text("\n".join([own + head, "[recipe]", *lines, tail]), encoding="utf-8")
        return path

    return write


class PoolHere:
    """A pool that does tasks in this process, the most urgent first.

    Attributes:
        lost: keys of tasks of which that many attempts are lost, having begun or not.
        kept: keys of tasks whose lost attempts keep an epoch first.
        done: the tasks done, in order.
    """

    def __init__(self) -> None:
        self.lost: dict[str, tuple[int, bool]] = {}
        self.kept: set[str] = set()
        self.done: list[str] = []
        self._calls: deque[tuple[Call, float]] = deque()

    def submit(self, call: Call, priority: float) -> None:
        self._calls.append((call, priority))

    def wait(self, _seconds: float) -> Iterator[tuple[str, Ended | Lost]]:
        if self._calls:
            first = max(self._calls, key=lambda each: each[1])
            self._calls.remove(first)
            yield first[0].key, self._do(first[0])

    def workers(self) -> int:
        return 1

    def _do(self, call: Call) -> Ended | Lost:
        left, begun = self.lost.get(call.key, (0, False))
        if left:
            self.lost[call.key] = (left - 1, begun)
            if begun:
                call.study.mark(call.key, call.attempt)
            if call.key in self.kept:
                call.folder.mkdir(parents=True, exist_ok=True)
                with (call.folder / "log.jsonl").open("a") as log:
                    log.write("{}\n")
            return Lost()
        self.done.append(call.key)
        return perform(call)


@pytest.fixture
def pool() -> PoolHere:
    return PoolHere()


@pytest.fixture
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes longer than training does here."""
    monkeypatch.setattr("nbsuite.training.stage_run._draw", lambda *_: None)
