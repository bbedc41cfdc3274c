"""Taking what comes over a network, as long as it comes at a reasonable pace.

A time-out of a read ends silence. It does not end the search for a name, nor an answer of which a
byte comes now and then: each of its reads is in time.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from nbsuite.data.fetch.retries import TransientFault

Item = TypeVar("Item")

_MOST_AHEAD = 4  # items made and not yet taken


@dataclass(frozen=True)
class _Made(Generic[Item]):
    item: Item


@dataclass(frozen=True)
class _Ended:
    error: Exception | None


def each_within(seconds: float, make: Callable[[], Iterable[Item]]) -> Iterator[Item]:
    """The items of an iterable that may hang, each awaited for so long and no longer.

    A thread of its own makes them. It is left to itself when one is late, or when nobody takes
    the rest; it then ends with the item that it is at.

    Args:
        seconds: how long to wait for each.
        make: gives the iterable; called in the thread.

    Raises:
        TransientFault: an item is late.
        Exception: what the iterable raises.
    """
    outbox: queue.Queue[_Made[Item] | _Ended] = queue.Queue(_MOST_AHEAD)
    left = threading.Event()
    threading.Thread(target=_fill, args=(outbox, left, make), daemon=True).start()
    try:
        while True:
            try:
                found = outbox.get(timeout=seconds)
            except queue.Empty:
                raise TransientFault(f"it is too slow, see the last {seconds:g} s") from None
            if isinstance(found, _Made):
                yield found.item
            elif found.error is None:
                return
            else:
                raise found.error
    finally:
        left.set()
        while not outbox.empty():  # the thread may wait for room
            outbox.get_nowait()


def _fill(
    outbox: queue.Queue[_Made[Item] | _Ended],
    left: threading.Event,
    make: Callable[[], Iterable[Item]],
) -> None:
    """Make the items until they end, or nobody wants them."""
    error = None
    try:
        for item in make():
            outbox.put(_Made(item))
            if left.is_set():
                break
    except Exception as caught:  # raised where the items are taken
        error = caught
    outbox.put(_Ended(error))
