"""A page of tables and figures, and its HTML: one file that needs nothing else.

What stands on the page may come from strangers' files; the template escapes all of it, and the
page's own policy keeps a browser from running or fetching anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib import resources
from typing import Any, ClassVar

import jinja2

from nbsuite.submissions.report.pictures import Picture, colour_rules
from nbsuite.submissions.results.formats import Table
from nbsuite.twin_labels import REAL_RECORDINGS, TWIN, TWINS
from nbsuite.untrusted.text import printable

_TEMPLATES = "templates"


class Data(Enum):
    """What was measured on; every table and figure says it."""

    REAL = REAL_RECORDINGS
    TWIN = f"{TWIN}, synthetic"
    BOTH = f"{REAL_RECORDINGS} and {TWINS}"

    @classmethod
    def of(cls, *, twin: bool) -> Data:
        """Real recordings or twins."""
        return cls.TWIN if twin else cls.REAL

    @classmethod
    def among(cls, twins: Sequence[bool]) -> Data:
        """What several are measured on together; at least one."""
        return cls.BOTH if len(set(twins)) > 1 else cls.of(twin=twins[0])


@dataclass(frozen=True)
class Heading:
    """A heading within a section."""

    kind: ClassVar[str] = "heading"
    text: str


@dataclass(frozen=True)
class Paragraph:
    """A paragraph."""

    kind: ClassVar[str] = "paragraph"
    text: str


@dataclass(frozen=True)
class PageTable:
    """A table.

    Attributes:
        table: its content; the title becomes the caption.
        data: what was measured on.
        row_headers: keys of the columns that name a row.
    """

    kind: ClassVar[str] = "table"
    table: Table
    data: Data
    row_headers: tuple[str, ...]


@dataclass(frozen=True)
class PageFigure:
    """A figure.

    Attributes:
        picture: the picture.
        caption: stands below it.
        description: what it shows, for those who do not see it.
        data: what was measured on.
    """

    kind: ClassVar[str] = "figure"
    picture: Picture
    caption: str
    description: str
    data: Data


@dataclass(frozen=True)
class Listing:
    """Text for programs, folded away under its summary."""

    kind: ClassVar[str] = "listing"
    summary: str
    text: str


Block = Heading | Paragraph | PageTable | PageFigure | Listing


@dataclass(frozen=True)
class Section:
    """A section of the page.

    Attributes:
        name: its address within the page: letters and hyphens.
        heading: its heading.
        blocks: its content in order.
    """

    name: str
    heading: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Page:
    """The whole page.

    Attributes:
        title: its heading, also the window's.
        introduction: a sentence below it.
        warning: what a reader must know first; None for nothing.
        sections: its sections in order.
        footer: a sentence at the end.
    """

    title: str
    introduction: str
    warning: str | None
    sections: Sequence[Section]
    footer: str


def render(page: Page) -> str:
    """The page as HTML; the same page gives the same text."""
    colours = {
        colour
        for section in page.sections
        for block in section.blocks
        if isinstance(block, PageFigure)
        for colour in block.picture.colours
    }
    light, dark = colour_rules(sorted(colours))
    template = _environment().get_template("report.html")
    return template.render(page=page, light=light, dark=dark) + "\n"


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(_read_template),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _read_template(name: str) -> str:
    folder = resources.files("nbsuite.submissions") / _TEMPLATES
    return (folder / name).read_text(encoding="utf-8")


def _shown(value: Any) -> Any:
    """What the template prints of a value; markup of our own stays as it is."""
    return "\n".join(map(printable, value.split("\n"))) if type(value) is str else value
