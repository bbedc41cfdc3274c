"""What runs in a worker of a study knows nothing of the command line."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

from nbsuite.submissions.study.plan import plan_study
from nbsuite.sweep.study_file import read_study
from nbsuite.sweep.worker import Call

_WORKER = """
import pickle, sys
from pathlib import Path
from nbsuite.sweep.worker import perform

for path in sys.argv[1:]:
    ended = perform(pickle.loads(Path(path).read_bytes()))
    assert ended.error is None, ended.error
print(*(name for name in sys.modules if name.startswith("nbsuite.")))
"""


def test_a_worker_does_all_kinds_of_tasks_without_the_command_line(
    write_study: Any, tmp_path: Path
) -> None:
    study = write_study('stages = ["finetune", "half"]', finetune__epochs=1)
    plan = plan_study(read_study(study), tmp_path, tmp_path / "runs", lambda *_: None)
    assert {task.kind for task in plan.graph.values()} == {
        *("finetune", "half", "benchmark", "tables")
    }
    paths = []
    for number, task in enumerate(plan.graph.values()):
        paths.append(tmp_path / f"{number}.pickle")
        call = Call(task.key, "attempt", task.work, task.folder, plan.folder)
        paths[-1].write_bytes(pickle.dumps(call))
    ended = subprocess.run(
        [sys.executable, "-c", _WORKER, *map(str, paths)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    loaded = ended.stdout.split()
    assert "nbsuite.submissions.study.last_tasks" in loaded
    assert not [name for name in loaded if name.startswith("nbsuite.cli")]


_COMMAND = """
import multiprocessing, sys

from nbsuite.__main__ import main

def loaded():
    return [name for name in sys.modules if name.startswith("nbsuite")]

if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(*pool.apply(loaded))
"""


def test_a_process_that_the_command_starts_does_not_import_the_command_line(
    tmp_path: Path,
) -> None:
    """It imports the script again that pip makes of the entry point."""
    script = tmp_path / "nbsuite.script.py"
    script.write_text(_COMMAND)
    ended = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    loaded = ended.stdout.split()
    assert "nbsuite.__main__" in loaded, ended.stderr
    assert not [name for name in loaded if name.startswith("nbsuite.cli")]
