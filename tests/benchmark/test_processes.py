"""Processes that measure end in good order."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from nbsuite.benchmarking.processes import JobFiles, measure_in_processes
from nbsuite.benchmarking.session import RunSettings


class PoolHere:
    """A pool that has done everything at once, and tells how it was ended."""

    ended: list[bool]

    def __init__(self, _workers: int, mp_context: Any) -> None:
        del mp_context
        PoolHere.ended = []

    def submit(self, _function: Any, job: JobFiles, *_: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(job.checkpoint)
        return future

    def shutdown(self, wait: bool = True, cancel_futures: bool = False) -> None:
        del cancel_futures
        PoolHere.ended.append(wait)


def test_the_pool_has_ended_with_its_last_result(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever takes as many results as there are jobs never asks for what comes after them."""
    monkeypatch.setattr("nbsuite.benchmarking.processes.ProcessPoolExecutor", PoolHere)
    jobs = [JobFiles(Path(name), Path("b"), None) for name in "abc"]
    results = measure_in_processes(jobs, RunSettings(), 2, with_decoding=False)
    assert [next(results) for _ in jobs] == [job.checkpoint for job in jobs]
    assert PoolHere.ended == [True]
    results.close()
    assert PoolHere.ended == [True, False]
