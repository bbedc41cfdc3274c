"""Ctrl-C on a study as a terminal gives it: to all its processes at once, whatever they are at."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nbsuite.sweep.study_folder import study_folder

psutil = pytest.importorskip("psutil", reason="comes with Dask, which runs studies")
pytest.importorskip("distributed")
if not hasattr(os, "killpg"):
    pytest.skip("needs the process groups of Unix", allow_module_level=True)

SECONDS = 120

# Shells start what runs in the background with Ctrl-C ignored, and tests may run there.
PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from nbsuite.cli.main import main
main(sys.argv[1:])
"""


def _has_children(number: int) -> Callable[[Any, Any], bool]:
    return lambda process, _folder: len(psutil.Process(process.pid).children(True)) >= number


MOMENTS: dict[str, tuple[int, Callable[[Any, Any], Any]]] = {
    "while what workers are forked off begins": (1, _has_children(1)),
    "while workers start": (1, _has_children(4)),  # with the fork server and resource tracker
    "while they work, twice": (2, lambda _process, folder: len(folder.marks()) == 2),
}


def _group(leader: int) -> list[Any]:
    """The processes of a group."""
    return [each for each in psutil.process_iter() if _group_of(each) == leader]


def _group_of(process: Any) -> int | None:
    try:
        return os.getpgid(process.pid)
    except ProcessLookupError:
        return None


@pytest.mark.parametrize("moment", MOMENTS)
def test_it_ends_with_one_word_and_leaves_nobody(
    moment: str, write_study: Any, tmp_path: Path
) -> None:
    times, has_come = MOMENTS[moment]
    root = tmp_path / "runs"
    study = write_study('stages = ["finetune"]\nseeds = "1-8"', finetune__epochs=2000)
    command = [sys.executable, "-c", PROGRAM, "sweep", str(study), "-o", str(root), "--quiet"]
    process = subprocess.Popen(
        [*command, "--workers", "2"], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    folder, deadline = study_folder(root, "small"), time.monotonic() + SECONDS
    try:
        while not has_come(process, folder):
            assert process.poll() is None, "it ended before it was interrupted"
            assert time.monotonic() < deadline, "it does not get on"
            time.sleep(0.005)
        for _ in range(times):
            os.killpg(process.pid, signal.SIGINT)
        _output, errors = process.communicate(timeout=SECONDS)
        _gone, left = psutil.wait_procs(_group(process.pid), timeout=10)
    finally:
        for each in _group(process.pid):
            each.kill()
    said = errors.splitlines()
    assert process.returncode == 130
    assert said.pop() == "Interrupted."
    assert [line for line in said if not line.startswith("Every finished epoch is kept")] == []
    assert left == []
    assert folder.read_alive() is None
