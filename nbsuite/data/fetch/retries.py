"""Trying again, with growing pauses, what fails for a reason that passes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from nbsuite.untrusted.text import one_line

Result = TypeVar("Result")

_WORTHWHILE_BYTES = 1 << 16


@dataclass(frozen=True)
class RetryPolicy:
    """How long to be patient; all times in seconds.

    Attributes:
        attempts: failures in a row, with less than 64 KiB gained between them, that end the try.
        first_pause: pause after the first failure; it doubles with every further one.
        longest_pause: the pause no longer doubles beyond this.
        longest_retry_after: a server that asks (``Retry-After``) for more is not waited for.
        connect_timeout: wait for a connection.
        read_timeout: wait for the next bytes of an answer.
        pace_timeout: wait for an answer to begin, and for every 64 KiB of it, however they drip.
    """

    attempts: int = 5
    first_pause: float = 1.0
    longest_pause: float = 60.0
    longest_retry_after: float = 300.0
    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    pace_timeout: float = 60.0

    def pause(self, failures: int, retry_after: float | None) -> float:
        """Seconds to wait after so many failures in a row, or as long as the server asks."""
        backoff = min(self.first_pause * 2.0 ** (failures - 1), self.longest_pause)
        return max(backoff, retry_after or 0.0)


class TransientFault(Exception):  # noqa: N818 - not an error before the last attempt
    """A fault that may be gone at the next attempt; its reason may quote strangers."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(one_line(reason))
        self.retry_after = retry_after


OnPause = Callable[[TransientFault, float], None]
"""Receives a fault and the seconds until the next attempt."""


def call_with_retries(
    action: Callable[[], Result],
    policy: RetryPolicy,
    *,
    bytes_held: Callable[[], int] = lambda: 0,
    on_pause: OnPause | None = None,
) -> Result:
    """Call ``action`` until it succeeds, pausing after each transient fault.

    Args:
        action: what to try.
        policy: when to pause and when to give up.
        bytes_held: bytes gained so far; 64 KiB more than when the count of failures began, and it
            begins anew: a long download over a bad line reaches its end.
        on_pause: told before each pause.

    Raises:
        TransientFault: the last one, once patience is spent.
    """
    failures, most_held = 0, bytes_held()
    while True:
        try:
            return action()
        except TransientFault as fault:  # noqa: PERF203 - waits for seconds anyway
            failures += 1
            if bytes_held() >= most_held + _WORTHWHILE_BYTES:
                failures, most_held = 1, bytes_held()
            if failures >= policy.attempts:
                raise
            if fault.retry_after and fault.retry_after > policy.longest_retry_after:
                raise TransientFault(
                    f"{fault}, and asks to wait {fault.retry_after:.0f} s"
                ) from fault
            pause = policy.pause(failures, fault.retry_after)
            if on_pause is not None:
                on_pause(fault, pause)
            time.sleep(pause)
