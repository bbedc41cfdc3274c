"""A rich console through which no stranger's text commands the terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from nbsuite.untrusted.text import printable


class PrintableConsole(Console):
    """Rich's console, whose texts are printable; what rich itself tells the terminal stays."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """The segments of a renderable; those that are texts without escape sequences and the like.

        Args:
            renderable: anything that rich prints.
            options: how to render it.
        """
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                text = "\n".join(map(printable, segment.text.split("\n")))
                yield Segment(text, segment.style)
