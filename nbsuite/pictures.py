"""How pictures are made: formats, style and writing, the same for all.

Drawn with matplotlib's object-oriented interface, which needs no display, and in a style of their
own whatever the user's settings: the same data give the same bytes. Functions that draw return a
figure, which its caller shows, changes or writes.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.style import context

from nbsuite.errors import UsageError
from nbsuite.files import atomic_write
from nbsuite.untrusted.text import one_line

# Okabe and Ito's colours, which people with any common colour blindness can tell apart.
BLACK = "#000000"
VERMILLION = "#D55E00"
BLUE = "#0072B2"

TWIN_COLOUR = BLUE
"""The colour in which pictures say that they show a twin."""

FORMATS = {".png": FigureCanvasAgg, ".svg": FigureCanvasSVG, ".pdf": FigureCanvasPdf}

# matplotlib would otherwise date the file, and name its own version
_METADATA = {
    ".png": {"Software": None},
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}

_STYLE = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same letters everywhere
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.fonttype": "none",  # text stays text: searchable, and small
    "svg.hashsalt": "nbsuite",
    "pdf.fonttype": 42,  # so it does here
    "text.parse_math": False,  # a dollar sign in a name is a dollar sign
}


_LONGEST_TEXT = 100


def picture_text(text: str) -> str:
    """A text, which may quote strangers, as one line that has room in a picture.

    Characters that no font has and formulas need no care: they are drawn as boxes and as they are.
    """
    return one_line(text, _LONGEST_TEXT)


class Picture(Figure):
    """A figure that notebooks show as it would be written."""

    def _repr_png_(self) -> bytes:
        content = BytesIO()
        with _style():
            FigureCanvasAgg(self).print_figure(content, format="png")
        return content.getvalue()


def check_format(path: Path) -> None:
    """Refuse a picture in a format that is not drawn, before any work is done.

    Raises:
        UsageError: the suffix is none of .png, .svg and .pdf.
    """
    if path.suffix.lower() not in FORMATS:
        raise UsageError(
            f"Cannot draw {path}: pictures are PNG, SVG or PDF; end its name in .png, .svg or .pdf."
        )


@contextmanager
def drawn(size: tuple[float, float]) -> Iterator[Picture]:
    """A figure to draw on within the block, in the style of all pictures.

    Args:
        size: width and height in inches.
    """
    with _style():
        figure = Picture(figsize=size, dpi=150)
        FigureCanvasAgg(figure)  # which measures texts
        yield figure


def save_picture(path: Path, figure: Figure) -> None:
    """Write a figure, whole or not at all.

    Args:
        path: the picture; its suffix, .png, .svg or .pdf, is its format.
        figure: the figure.

    Raises:
        UsageError: another suffix.
        OSError: the folder cannot be written, or the disk is full.
    """
    check_format(path)
    suffix = path.suffix.lower()
    with _style(), atomic_write(path) as temporary:
        FORMATS[suffix](figure).print_figure(
            temporary, format=suffix.removeprefix("."), metadata=_METADATA[suffix]
        )


@contextmanager
def _style() -> Iterator[None]:
    with context(["default", _STYLE]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # which is drawn as a box
        yield
