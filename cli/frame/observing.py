"""What planning and measuring tell of themselves, shown: bars, and sentences on standard error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from nbsuite.cli.frame import output
from nbsuite.public.progress import Bars


@contextmanager
def shown_progress(*, quiet: bool = False) -> Iterator[Bars]:
    """An observer whose bars are gone afterwards, whatever happens.

    Args:
        quiet: show no bars; nothing but remarks is shown off a terminal either.
    """
    bars = Bars(lambda: output.progress(quiet=quiet), output.note)
    try:
        yield bars
    finally:
        bars.close()
