"""How many threads a kernel that has its own uses."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

import torch

_number: ContextVar[int | None] = ContextVar("number", default=None)


def number_of_threads() -> int:
    """What :func:`kernel_threads` says, elsewhere what torch is set to use."""
    return _number.get() or torch.get_num_threads()


@contextmanager
def kernel_threads(number: int) -> Iterator[None]:
    """Let kernels that have threads of their own use so many, at least 1, whatever torch uses.

    torch's threads go on using a processor for a while after their work is done. Where a kernel and
    small operations of torch take turns, it is faster to set torch to one thread.
    """
    token = _number.set(number)
    try:
        yield
    finally:
        _number.reset(token)


def run_in_parallel(task: Callable[[int], None], count: int) -> None:
    """Run ``task(0)`` to ``task(count - 1)`` on this thread and others, in any order.

    Raises:
        Exception: what a task raised; others may not have been begun.
    """
    todo = deque(range(count))
    threads = min(number_of_threads(), count)
    others = [_pool(threads).submit(_work_through, task, todo) for _ in range(threads - 1)]
    try:
        _work_through(task, todo)
    finally:
        for other in others:
            other.result()


def _work_through(task: Callable[[int], None], todo: deque[int]) -> None:
    while True:
        try:
            index = todo.popleft()
        except IndexError:
            return
        task(index)


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="nbsuite-kernel")
