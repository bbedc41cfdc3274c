"""The live view of a study."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.live import Live

from nbsuite.cli.sweep.display import Display
from nbsuite.sweep.cost import Rates
from nbsuite.sweep.graph import Effort, StudyTask
from nbsuite.sweep.run import Begun, TaskDone, TaskFailed, Tick
from nbsuite.sweep.schedule import Schedule
from nbsuite.sweep.study_folder import study_folder


class _Work:
    def __call__(self) -> None: ...

    def is_finished(self) -> bool:
        return False


def test_what_runs_counts_in_the_time_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = io.StringIO()
    live = Live(console=Console(file=text, force_terminal=True, width=200), auto_refresh=False)
    live.start()
    monkeypatch.setattr("nbsuite.cli.sweep.display._live_view", lambda: live)
    folder = study_folder(tmp_path, "small")
    graph = {
        key: StudyTask(key, key, tmp_path / key, "done", (), _Work(), Effort("tinyRSNN", 999, 10))
        for key in ("finetune/a", "finetune/b")
    }
    schedule = Schedule(graph, ())
    schedule.take_ready()
    display = Display(folder, Rates({"tinyRSNN": 1.0}, 0), quiet=False)
    display(Begun(schedule, "http://here/status"))
    seconds = 500.0
    folder.mark("finetune/a", "attempt")
    monkeypatch.setattr("nbsuite.cli.sweep.display.time.time", lambda: _marked(folder) + seconds)

    def view() -> str:
        text.truncate(0)
        display(Tick(workers=2))
        return text.getvalue()

    assert "0 of 2 tasks done, 1 running on 2 workers" in view()
    (tmp_path / "finetune" / "a").mkdir(parents=True)
    (tmp_path / "finetune" / "a" / "log.jsonl").write_text("{}\n" * 5)
    shown = view()  # half of its epochs in 500 s: as fast as expected
    assert "epoch 5 of 10, 8 min 20 s" in shown
    assert "about 16 min" in shown  # the other task has not begun
    display(TaskFailed("finetune/b", "out of memory", again=True))
    schedule.finish("finetune/a")
    display(TaskDone("finetune/a", 1000.0))
    assert "1 of 2 tasks done, 0 running" in view()
    display.close()


def _marked(folder: Any) -> float:
    (mark,) = folder.marks()
    return float(mark.begun)
