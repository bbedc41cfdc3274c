"""Pictures that stand in a page: inline SVG whose colours follow the page, light or dark.

matplotlib draws for white paper. Each colour it wrote becomes a variable of the page's style, which
has a value for light and one for dark pages: greys keep their place between ink and paper, and the
three hues of ``nbsuite.pictures`` keep their meaning at a contrast that is good for letters too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

from markupsafe import Markup
from matplotlib.figure import Figure

from nbsuite.pictures import BLUE, VERMILLION, save_picture

INK_DARK = (230, 230, 230)
PAPER_DARK = (22, 25, 29)
"""Grey levels of a dark page's letters and ground; report.css has the same."""

_HUES = {
    VERMILLION.lower(): ("#b34e00", "#ff9a52"),
    BLUE.lower(): ("#00609c", "#7cc4f5"),
}
"""Colour drawn, and what it is on light and on dark pages."""

_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")
_REFERENCE = re.compile(r"url\(#")
_DRAWN_FONT = "'DejaVu Sans'"
_FONT = "var(--figure-font)"


@dataclass(frozen=True)
class Picture:
    """An inline picture.

    Attributes:
        width: of its coordinates.
        height: of its coordinates.
        content: the elements of its SVG, whose names are its own within the page.
        colours: the colours drawn, as variables that the page has to define.
    """

    width: float
    height: float
    content: Markup
    colours: frozenset[str]


def draw_picture(name: str, draw: Callable[[], Figure]) -> Picture:
    """Draw a picture for a page.

    Args:
        name: a name that no other picture of the page has: letters, digits and hyphens.
        draw: draws it.
    """
    with TemporaryDirectory(prefix="nbsuite-report-") as folder:
        path = Path(folder) / "picture.svg"
        save_picture(path, draw())
        text = path.read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)  # noqa: S314  # just written by us
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    colours: set[str] = set()
    for element in root.iter():
        _adopt(element, f"{name}-", colours)
    content = "".join(ElementTree.tostring(part, "unicode") for part in _drawn(root))
    return Picture(width, height, Markup(content), frozenset(colours))  # noqa: S704


def colour_rules(colours: Iterable[str]) -> tuple[list[str], list[str]]:
    """Declarations of the pictures' colours, for light pages and for dark ones."""
    pairs = [(_variable(colour), _on_pages(colour)) for colour in colours]
    light = [f"{name}: {on_light};" for name, (on_light, _) in pairs]
    dark = [f"{name}: {on_dark};" for name, (_, on_dark) in pairs]
    return light, dark


def _drawn(root: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """What is drawn, without the description of the file and matplotlib's rule for all pages."""
    for part in root:
        if part.tag == "metadata" or part.find("style") is not None:
            continue
        yield part


def _adopt(element: ElementTree.Element, prefix: str, colours: set[str]) -> None:
    """Make an element one of the page's: names of its own, the page's colours and letters."""
    element.tag = element.tag.removeprefix(_SVG)
    if element.tail is not None and not element.tail.strip():
        element.tail = "\n"
    attributes = {}
    for key, value in element.attrib.items():
        if key == _LINK:
            own = value.startswith("#")
            attributes["href"] = f"#{prefix}{value[1:]}" if own else value
        elif key == "id":
            attributes["id"] = prefix + value
        elif key in ("style", "clip-path"):
            adopted = _REFERENCE.sub(f"url(#{prefix}", value).replace(_DRAWN_FONT, _FONT)
            colours |= {found.lower() for found in _COLOUR.findall(adopted)}
            attributes[key] = _COLOUR.sub(lambda found: f"var({_variable(found[0])})", adopted)
        else:
            attributes[key] = value
    element.attrib = attributes


def _variable(colour: str) -> str:
    return f"--drawn-{colour[1:].lower()}"


def _on_pages(colour: str) -> tuple[str, str]:
    """What a colour drawn on white is on light pages, and on dark ones."""
    if colour in _HUES:
        return _HUES[colour]
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    if not red == green == blue:
        return colour, colour
    level = red / 255
    mixed = (
        round(ink + level * (paper - ink)) for ink, paper in zip(INK_DARK, PAPER_DARK, strict=True)
    )
    return colour, "#" + "".join(f"{part:02x}" for part in mixed)
