"""Training in real processes that are really killed, at moments that are random but seeded."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from nbsuite.cli.main import main

SETTINGS = (
    *("windows.steps=50", "windows.offset_steps=25", "training.batch=30"),
    *("pretrain.epochs=6", "finetune.epochs=12", "prune.epochs=5", "prune.highest=0.5"),
    "prune.tolerance=0.9",
)
SIGNALS = (
    signal.SIGKILL,
    signal.SIGTERM,
    signal.SIGKILL,
    signal.SIGINT,
    signal.SIGKILL,
)
STATUS = {signal.SIGKILL: -9, signal.SIGTERM: 143, signal.SIGINT: 130}

# Runs in another process; multiprocessing names what a process does, and this has no name there.
# Shells start what runs in the background with Ctrl-C ignored, and tests may run there.
PROGRAM = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
os.environ.update(environment)
from nbsuite.cli.main import main
main(arguments)
"""


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Processes that start at once, having torch and the rest imported already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        [
            "nbsuite.cli.train.runs",
            "nbsuite.neurons.kernels.inference.run",
            "nbsuite.neurons.kernels.training.function",
            "nbsuite.plots_training",
            "torch._dynamo",  # which torch's optimisers import when first used, taking seconds
        ]
    )
    return context


@pytest.fixture
def arguments(tiny_recording_path: Path, tmp_path: Path) -> Callable[[str], list[str]]:
    def make(root: str) -> list[str]:
        path = str(tiny_recording_path)
        options = ["--session", path, "--pretrain-on", path, "-o", str(tmp_path / root)]
        settings = [part for setting in SETTINGS for part in ("--set", setting)]
        return ["train", "tinyRSNN", *options, *settings, "--threads", "1", "--quiet"]

    return make


def _kept(root: Path) -> int:
    """Epochs in the logs so far."""
    return sum(log.read_bytes().count(b"\n") for log in root.rglob("log.jsonl"))


def _start(processes: ForkServerContext, arguments: list[str]) -> Any:
    environment = {name: os.environ[name] for name in ("NBSUITE_DATA", "NBSUITE_CACHE")}
    variables = {"environment": environment, "arguments": arguments}
    process = processes.Process(target=exec, args=(PROGRAM, variables))
    process.start()
    return process


def _kill_after(process: Any, root: Path, epochs: int, delay: float, number: int) -> None:
    """Send a signal a while after so many epochs are kept, and wait for the end."""
    deadline = time.monotonic() + 60
    while _kept(root) < epochs:
        assert process.exitcode is None, "it ended before it was killed"
        assert time.monotonic() < deadline, "it does not get on"
        time.sleep(0.002)
    time.sleep(delay)
    os.kill(process.pid, number)
    process.join(60)


def test_a_run_that_is_killed_again_and_again_ends_with_the_same_bits(
    processes: ForkServerContext,
    arguments: Callable[[str], list[str]],
    tmp_path: Path,
    outcome: Any,
) -> None:
    assert CliRunner().invoke(main, arguments("undisturbed")).exit_code == 0
    expected = outcome(tmp_path / "undisturbed")

    moments, root = random.Random(1), tmp_path / "disturbed"
    for number in SIGNALS:
        process = _start(processes, arguments("disturbed"))
        epochs = _kept(root) + moments.randint(1, 3)
        _kill_after(process, root, epochs, moments.uniform(0.0, 0.05), number)
        assert process.exitcode == STATUS[number]
        assert not list(root.rglob("half"))
    process = _start(processes, arguments("disturbed"))
    process.join(60)
    assert process.exitcode == 0

    found = outcome(root)
    assert found.keys() == expected.keys()
    assert len([name for name in found if name.endswith("weights.safetensors")]) == 4
    for name, content in expected.items():
        assert found[name] == content, f"{name} differs"
    assert _results(root) == _results(tmp_path / "undisturbed")


def _results(root: Path) -> Any:
    (path,) = (root / "results").glob("results_tinyRSNN_*01.json")
    return json.loads(path.read_text())


def test_a_second_process_is_refused_while_the_first_is_at_work(
    processes: ForkServerContext, arguments: Callable[[str], list[str]], tmp_path: Path
) -> None:
    root = tmp_path / "one"
    process = _start(processes, arguments("one"))
    deadline = time.monotonic() + 60
    while _kept(root) < 1 and time.monotonic() < deadline:
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGSTOP)  # at work, but for as long as this takes not getting on
    refused = CliRunner().invoke(main, arguments("one"))
    os.kill(process.pid, signal.SIGKILL)
    process.join(60)
    assert refused.exit_code == 1
    assert "Error: Another run is at work in" in refused.output
    assert "Traceback" not in refused.output
