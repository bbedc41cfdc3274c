"""A study's tasks one after another in this process, without workers: what `sweep.py` compares to.

python benchmarks/one_after_another.py study.toml runs
"""

from __future__ import annotations

import sys
from pathlib import Path

from nbsuite.data.folders import data_folder
from nbsuite.submissions.study.plan import plan_study
from nbsuite.sweep.study_file import read_study
from nbsuite.sweep.worker import Call, perform


def main(study: Path, root: Path) -> None:
    """Do every task of the study, in the order of its graph."""
    plan = plan_study(read_study(study), data_folder(), root, lambda *_: None)
    for task in plan.graph.values():
        ended = perform(Call(task.key, "only", task.work, task.folder, plan.folder))
        assert ended.error is None, ended.error


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
