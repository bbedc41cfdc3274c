"""Runs that take a second: a recording of 20 s, windows of 50 steps, a few epochs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nbsuite.tasks.locate import Location
from nbsuite.training.compute import Compute
from nbsuite.training.families import configure, find_family
from nbsuite.training.observer import Event
from nbsuite.training.overrides import override
from nbsuite.training.run_plan import RunRequest
from nbsuite.training.stage_task import STAGES

SMALL = (
    "windows.steps=25",
    "windows.offset_steps=25",
    "training.batch=50",
    "training.schedule_epochs=4",
    "pretrain.epochs=1",
    "finetune.epochs=3",
    "prune.epochs=2",
    "prune.highest=0.5",
    "prune.tolerance=0.5",
)
CIRCUMSTANCES = ("seconds", "windows_per_second", "threads")


@pytest.fixture(autouse=True)
def _without_pictures(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes longer than training does here; tests that need it ask for ``pictures``."""
    if "pictures" not in request.fixturenames:
        monkeypatch.setattr("nbsuite.training.stage_run._draw", lambda *_arguments: None)


@pytest.fixture
def pictures() -> None:
    """Lets runs draw their pictures."""


@pytest.fixture
def request_run(tmp_path: Path, tiny_recording_path: Path) -> Callable[..., RunRequest]:
    """Function that makes a small run's request: settings of the recipe, and fields to change."""

    def make(*settings: str, **fields: Any) -> RunRequest:
        location = Location(tiny_recording_path, None, None)
        request = RunRequest(
            model=configure("tinyRSNN")[0],
            recipe=override(find_family("tinyRSNN").recipe, [*SMALL, *settings]),
            seed=1,
            session=location,
            stages=STAGES,
            pretrain_on=(location,),
            pretrained=None,
            compute=Compute(),
            root=tmp_path / "runs",
        )
        return replace(request, **fields)

    return make


class Recorder:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def outcome_of(root: Path) -> dict[str, Any]:
    """What has to come out alike: weights to the byte, logs and summaries but for circumstances."""
    found: dict[str, Any] = {}
    for path in sorted(root.rglob("weights.safetensors")):
        found[str(path.relative_to(root))] = path.read_bytes()
    for path in sorted(root.rglob("log.jsonl")):
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        found[str(path.relative_to(root))] = [without_circumstances(line) for line in lines]
    for path in sorted(root.rglob("stage.json")):
        record = json.loads(path.read_text())
        found[str(path.relative_to(root))] = without_circumstances(record["summary"])
    return found


def without_circumstances(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key not in CIRCUMSTANCES}


@pytest.fixture(scope="session")
def outcome() -> Callable[[Path], dict[str, Any]]:
    """Function that gathers what has to come out alike under a folder of runs."""
    return outcome_of
