"""A recording is opened once, however many stages and seeds there are."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import nbsuite.data.mat_recording
from nbsuite.data.cache import load_or_build
from nbsuite.data.loader import LoadedArrays
from nbsuite.tasks.locate import Location
from nbsuite.tasks.opened import OpenedRecordings
from nbsuite.training.order import Order, plan_order
from nbsuite.training.run_plan import RunRequest, plan_run, run_plan


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each entry of the cache was opened."""
    count: Counter[str] = Counter()

    def counted(
        folder: Path, build: Callable[[], LoadedArrays]
    ) -> tuple[LoadedArrays, OSError | None]:
        count[folder.name] += 1
        return load_or_build(folder, build)

    monkeypatch.setattr(nbsuite.data.mat_recording, "load_or_build", counted)
    return count


def test_two_seeds_of_four_stages_open_each_recording_once(
    request_run: Callable[..., RunRequest],
    tiny_recording_path: Path,
    draw_recording: Any,
    tmp_path: Path,
    opened: Counter[str],
) -> None:
    other = draw_recording(seed=1).write(tmp_path / "indy_20990102_01.mat")
    request = request_run()
    order = Order(
        model=request.model,
        recipe=request.recipe,
        targets=(str(tiny_recording_path),),
        seeds=(1, 2),
        stages=request.stages,
        pretrain_on=(str(tiny_recording_path), str(other)),
        pretrained=None,
        compute=request.compute,
        data="auto",
        data_dir=tmp_path,
        output=tmp_path / "runs",
        force=False,
    )
    plans = plan_order(order)
    assert len(opened) == 2
    for plan in plans:
        run_plan(plan)
    assert list(opened.values()) == [1, 1]


def test_a_run_of_its_own_opens_its_recording_once(
    request_run: Callable[..., RunRequest], opened: Counter[str]
) -> None:
    run_plan(plan_run(request_run(stages=("finetune", "half"))))
    assert list(opened.values()) == [1]


def test_what_is_open_stays_as_it_was(tiny_recording_path: Path, tmp_path: Path) -> None:
    path = tmp_path / tiny_recording_path.name
    shutil.copyfile(tiny_recording_path, path)
    recordings = OpenedRecordings()
    first = recordings.load(Location(path, None, None))
    path.unlink()
    assert recordings.load(Location(path, None, None)) is first
    assert recordings.load(Location(path, first.session, None)) is first
