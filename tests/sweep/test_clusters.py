"""Dask's own schedulers and workers, started by hand or from a cluster file."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from nbsuite.cli.main import main
from nbsuite.errors import TrainingError, UsageError
from nbsuite.sweep.clusters import ClusterFile, connected
from nbsuite.sweep.local_workers import local_workers

pytest.importorskip("distributed")
PORT = re.compile(r"tcp://[\d.]+:\d+")


def test_workers_do_not_share_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nbsuite.sweep.local_workers.cores", lambda: 8)
    assert local_workers(threads=1, tasks=100).count == 8
    assert local_workers(threads=3, tasks=100).count == 2
    assert local_workers(threads=16, tasks=100).count == 1
    assert local_workers(threads=1, tasks=3).count == 3
    assert local_workers(threads=1, tasks=3, workers=5).count == 5


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("dask_slurm_of_nobody.Cluster", {}, "cannot be imported .* dask-slurm-of-nobody"),
        ("distributed.NoCluster", {}, "which is not there: correct its name"),
        ("distributed.Client", {"address": "tcp://127.0.0.1:9"}, "is no cluster of Dask's"),
        ("distributed.utils.subprocess.Popen", {"args": "false"}, "is no cluster of Dask's|is not"),
        ("distributed.client.open", {"file": "x"}, "which is not there|is no cluster"),
        ("distributed.LocalCluster", {"no_option": 1, "n_workers": 1}, "cannot be made"),
    ],
)
def test_clusters_that_cannot_be_made(name: str, options: dict[str, Any], message: str) -> None:
    with (
        pytest.raises(UsageError, match=rf"c\.toml asks for .*{message}"),
        connected(ClusterFile(Path("c.toml"), name, options, 1)),
    ):
        pass


@pytest.mark.parametrize(
    "address", ["tls://127.0.0.1:9", "nonsense://x", "tcp://127.0.0.1:99999999", "x\0y", "tcp://"]
)
def test_addresses_that_cannot_be(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nbsuite.sweep.clusters._CONNECT_SECONDS", 0.2)
    with pytest.raises(TrainingError, match="No Dask scheduler answers at"), connected(address):
        pass


def test_nothing_answers_at_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nbsuite.sweep.clusters._CONNECT_SECONDS", 0.2)
    with (
        pytest.raises(TrainingError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9 "),
        connected("tcp://127.0.0.1:9"),
    ):
        pass


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., tuple[Any, str]]]:
    """Function that starts ``dask scheduler`` or ``dask worker``: the process and its address."""
    started: list[Any] = []

    def begin(*arguments: str) -> tuple[Any, str]:
        log = tmp_path / f"dask{len(started)}.log"
        with log.open("w") as stream:
            process = subprocess.Popen([sys.executable, "-m", "dask", *arguments], stderr=stream)
        started.append(process)
        while (found := PORT.search(log.read_text())) is None:
            assert process.poll() is None
            time.sleep(0.05)
        return process, found[0]

    yield begin
    for process in started:
        process.kill()
        process.wait()


SCHEDULER = ("scheduler", "--host", "127.0.0.1", "--port", "0", "--dashboard-address", ":0")


@pytest.mark.slow
def test_a_study_goes_on_with_another_worker(start: Any, write_study: Any, tmp_path: Path) -> None:
    """A worker is lost with its machine, and another one comes later."""
    root = tmp_path / "runs"
    _scheduler, address = start(*SCHEDULER)
    worker, _address = start("worker", address, "--nthreads", "1", "--no-nanny")
    study = write_study('stages = ["finetune"]\nseeds = [1, 2]', finetune__epochs=30)
    command = [Path(sys.executable).with_name("nbsuite"), "sweep", study, "-o", root]
    process = subprocess.Popen([*command, "--quiet", "--scheduler", address])
    while not list(root.glob("finetune/*/stage.json")):
        assert process.poll() is None
    worker.kill()
    done = {path: path.stat().st_mtime_ns for path in root.rglob("stage.json")}
    start("worker", address, "--nthreads", "1", "--no-nanny")
    assert process.wait(120) == 0
    assert {path: path.stat().st_mtime_ns for path in done} == done
    assert len(list(root.glob("finetune/*/stage.json"))) == 4


@pytest.mark.slow
def test_a_study_outlives_its_scheduler(start: Any, write_study: Any, tmp_path: Path) -> None:
    root = tmp_path / "runs"
    study = write_study('stages = ["finetune", "half"]\nseeds = [1, 2]', finetune__epochs=30)
    arguments = ["sweep", str(study), "-o", str(root), "--quiet", "--scheduler"]

    def begin() -> tuple[Any, str]:
        scheduler, address = start(*SCHEDULER)
        start("worker", address, "--nthreads", "1", "--no-dashboard")
        return scheduler, address

    scheduler, address = begin()
    command = [str(Path(sys.executable).with_name("nbsuite")), *arguments, address]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while not list(root.glob("finetune/*/stage.json")):
        assert process.poll() is None
    os.kill(scheduler.pid, signal.SIGKILL)
    _output, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert re.search(r"Error: The scheduler at tcp:\S+ is gone: start it again", errors)
    assert "Traceback" not in errors

    done = {path: path.stat().st_mtime_ns for path in root.rglob("stage.json")}
    _scheduler, address = begin()
    outcome = CliRunner().invoke(main, [*arguments, address])
    assert outcome.exit_code == 0, outcome.output
    assert {path: path.stat().st_mtime_ns for path in done} == done
    assert len(list(root.rglob("stage.json"))) == 8


@pytest.mark.slow
def test_a_study_on_a_cluster_from_a_file(write_study: Any, tmp_path: Path) -> None:
    cluster = tmp_path / "cluster.toml"
    cluster.write_text(
        'class = "distributed.LocalCluster"\n[adapt]\nminimum = 0\nmaximum = 1\n[options]\n'
        'n_workers = 0\nthreads_per_worker = 1\ndashboard_address = "127.0.0.1:0"\n'
    )
    study = write_study('stages = ["finetune"]', finetune__epochs=2)
    arguments = ["sweep", str(study), "-o", str(tmp_path / "runs"), "--cluster", str(cluster)]
    outcome = CliRunner().invoke(main, arguments)
    assert outcome.exit_code == 0, outcome.output
    assert "[5/5] tables small: done" in outcome.output
