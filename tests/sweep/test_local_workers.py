"""Workers of this machine: whom they answer, and what is said where they do not start."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from nbsuite.errors import TrainingError, UsageError
from nbsuite.sweep import local_workers
from nbsuite.sweep.clusters import connected
from nbsuite.sweep.local_workers import LocalWorkers
from nbsuite.sweep.starting import start_cluster

distributed = pytest.importorskip("distributed")
pytest.importorskip("cryptography")

PLACE = LocalWorkers(1)


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """A connection to a worker of this machine, as a study has it."""
    with connected(PLACE) as made:
        yield made


def _addresses(client: Any) -> dict[str, str]:
    (worker,) = client.scheduler_info()["workers"].values()
    return {
        "scheduler": client.scheduler.address,
        "worker": next(iter(client.scheduler_info()["workers"])),
        "nanny": worker["nanny"],
    }


def _strangers_security(kind: str) -> Any:
    if kind == "a certificate of their own":
        return distributed.security.Security.temporary()
    return distributed.security.Security()


def _order(address: str, security: Any) -> Any:
    """What comes of an order by whoever has that certificate."""

    async def give() -> Any:
        arguments = security.get_connection_args("client")
        comm = await distributed.comm.connect(address, timeout=2, **arguments)
        await comm.write({"op": "identity", "reply": True})
        return await comm.read()

    return asyncio.run(asyncio.wait_for(give(), 10))


def test_the_study_itself_is_answered(client: Any) -> None:
    assert client.submit(sum, [1, 2]).result(timeout=60) == 3
    for address in _addresses(client).values():
        assert _order(address, client.security)["id"]


@pytest.mark.parametrize("kind", ["no certificate", "a certificate of their own", "plain TCP"])
@pytest.mark.parametrize("server", ["scheduler", "worker", "nanny"])
def test_strangers_are_not_answered(client: Any, server: str, kind: str) -> None:
    address = _addresses(client)[server]
    if kind == "plain TCP":
        address = f"tcp://{address.partition('://')[2]}"
    with pytest.raises((OSError, TypeError, TimeoutError, asyncio.TimeoutError)):
        _order(address, _strangers_security(kind))


def test_strangers_cannot_connect_to_the_scheduler(client: Any) -> None:
    address = client.scheduler.address
    for where, kind in (
        (address, "a certificate of their own"),
        (address.replace("tls:", "tcp:"), "plain TCP"),
    ):
        with pytest.raises(OSError, match=r"Timed out|[Cc]onnect|does not match"):
            distributed.Client(
                where, security=_strangers_security(kind), timeout=1, set_as_default=False
            )


def test_the_dashboard_can_be_read_and_no_more(client: Any) -> None:
    place = client.dashboard_link.removesuffix("/status")
    assert place.startswith("http://127.0.0.1:")
    paths = requests.get(f"{place}/sitemap.json", timeout=10).json()["paths"]
    assert not [path for path in paths if "proxy" in path or "/api" in path]
    for path in ("/api/v1/retire_workers", "/info/main/workers.html", "/health"):
        assert requests.post(f"{place}{path}", data=b"{}", timeout=10).status_code in (404, 405)


def _fails(error: Exception, origin: Exception | None = None) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise error from origin

    return fail


NO_ROOM = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
FAULTS = {
    "No space left": _fails(RuntimeError("Nanny failed to start."), NO_ROOM),
    "temporarily unavailable": _fails(BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))),
    "can't start new thread": _fails(RuntimeError("can't start new thread")),
    "MemoryError": _fails(MemoryError()),
    "EOFError": _fails(RuntimeError("Cluster failed to start."), EOFError()),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_why_workers_do_not_start(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributed, "LocalCluster", FAULTS[fault])
    with (
        pytest.raises(TrainingError, match=f"this machine cannot start .*{fault}.*/dev/shm"),
        connected(PLACE),
    ):
        pass


def test_a_fork_server_that_has_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_workers, "CAN_FORK", True)
    monkeypatch.setattr(local_workers.forkserver, "ensure_running", _fails(NO_ROOM))
    before = dict(os.environ)
    with pytest.raises(TrainingError, match=r"cannot start .*No space left"):
        local_workers.start_fork_server([])
    assert dict(os.environ) == before


def test_without_what_makes_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = _fails(ImportError("no cryptography"))
    monkeypatch.setattr(distributed.security.Security, "temporary", missing)
    with pytest.raises(UsageError, match=r"nbsuite\[sweep\]"), connected(PLACE):
        pass


def test_workers_that_do_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting, closed = threading.Event(), threading.Event()

    def come_late(**_: object) -> Any:
        assert waiting.wait(10)
        return SimpleNamespace(workers={}, close=lambda **_: closed.set())

    monkeypatch.setattr(local_workers, "START_SECONDS", 0.05)
    monkeypatch.setattr(distributed, "LocalCluster", come_late)
    with pytest.raises(TrainingError, match="they are not there after"), connected(PLACE):
        pass
    waiting.set()
    assert closed.wait(10)


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="blocks signals as Unix does")
def test_a_cluster_under_way_is_interrupted_and_closed() -> None:
    interrupted, closed, clusters = threading.Event(), threading.Event(), []

    def make() -> str:
        assert signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])
        os.kill(os.getpid(), signal.SIGINT)
        interrupted.wait(10)
        return "cluster"

    def handle(*_: object) -> None:
        interrupted.set()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, handle)
    try:
        with pytest.raises(KeyboardInterrupt):
            start_cluster(make, 10, lambda made: (clusters.append(made), closed.set()))
    finally:
        signal.signal(signal.SIGINT, before)
    assert closed.wait(10)
    assert clusters == ["cluster"]
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
