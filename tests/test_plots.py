"""Pictures: the right format, the words that must be in them, and the window they show."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nbsuite import pictures, plots
from nbsuite.data.task import Output, Task
from nbsuite.errors import UsageError
from nbsuite.pictures import check_format, picture_text, save_picture
from nbsuite.plots import draw_decoding
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING

STEPS_PER_SECOND = 250
SESSION = "I1 (indy_20160622_01)"


def _decoding(**changes: Any) -> dict[str, Any]:
    """30 s, still but for movement from 12 to 20 s, and what a poor decoder makes of it."""
    rng = np.random.default_rng(1)
    time = np.arange(30 * STEPS_PER_SECOND) / STEPS_PER_SECOND
    moving = (time >= 12) & (time < 20)
    velocity = np.stack([np.sin(4 * time), np.cos(3 * time)], axis=1) * moving[:, np.newaxis]
    arguments = {
        "task": PRIMATE_REACHING,
        "true": velocity,
        "decoded": velocity + rng.normal(0, 0.1, velocity.shape),
        "spikes": (rng.random((len(time), 64)) < 0.01).astype(np.int8),
        "r2": 0.4567,
        "model": "tinyRSNN",
        "session": SESSION,
        "twin": True,
        "trained_on_twin": True,
    }
    return arguments | changes


def _texts(path: Path) -> list[str]:
    """The texts of an SVG picture."""
    elements = ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")  # noqa: S314
    return ["".join(element.itertext()) for element in elements]


def test_png(tmp_path: Path) -> None:
    save_picture(tmp_path / "picture.png", draw_decoding(**_decoding()))
    content = (tmp_path / "picture.png").read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
    assert (width, height) == (1200, 930)


def test_pdf_with_the_same_bytes_each_time_and_its_texts_as_text(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.pdf", "b.PDF")]
    for path in paths:
        save_picture(path, draw_decoding(**_decoding()))
    first, second = (path.read_bytes() for path in paths)
    assert first.startswith(b"%PDF-")
    assert first == second
    assert b"/CreationDate" not in first
    assert b"/FontFile2" in first  # a font whose letters can be searched and copied


def test_one_figure_in_all_formats_and_in_notebooks(tmp_path: Path) -> None:
    figure = draw_decoding(**_decoding())
    for suffix in pictures.FORMATS:
        save_picture(tmp_path / f"picture{suffix}", figure)
    save_picture(tmp_path / "again.png", figure)
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "picture.png").read_bytes()
    assert figure._repr_png_().startswith(b"\x89PNG")
    assert tuple(figure.get_size_inches()) == (8.0, 6.2)


def test_draws_what_is_true_and_what_was_decoded_in_the_units_of_the_axis() -> None:
    given = _decoding()
    figure = draw_decoding(**given, start_seconds=12, seconds=4)
    window = slice(12 * STEPS_PER_SECOND, 16 * STEPS_PER_SECOND)
    panels = figure.axes[:2]
    for output, axes in enumerate(panels):
        for name in ("true", "decoded"):
            (line,) = (each for each in axes.lines if each.get_label() == name)
            expected = 25 * given[name][window, output]  # mm per 4 ms in cm/s
            np.testing.assert_allclose(line.get_ydata(), expected, rtol=1e-12)
    (low, high), other = (axes.get_ylim() for axes in panels)
    assert other == (low, high) == (-high, high)


def test_svg_says_what_it_shows(tmp_path: Path) -> None:
    save_picture(tmp_path / "picture.SVG", draw_decoding(**_decoding()))
    texts = _texts(tmp_path / "picture.SVG")
    assert "tinyRSNN on I1 (indy_20160622_01): R² = 0.457" in texts
    assert any(text.startswith("TWIN") for text in texts)
    assert {"x velocity (cm/s)", "y velocity (cm/s)", "hidden neuron"} <= set(texts)
    assert {"true", "decoded"} <= set(texts)
    assert any(text.startswith("time in the test set (s)") for text in texts)


def test_a_real_recording_is_not_called_a_twin(tmp_path: Path) -> None:
    save_picture(
        tmp_path / "picture.svg", draw_decoding(**_decoding(twin=False, trained_on_twin=False))
    )
    assert not any("TWIN" in text for text in _texts(tmp_path / "picture.svg"))


def test_what_was_trained_on_a_twin_is_told_on_a_real_recording(tmp_path: Path) -> None:
    save_picture(tmp_path / "picture.svg", draw_decoding(**_decoding(twin=False)))
    assert any(text.startswith("Trained on a TWIN") for text in _texts(tmp_path / "picture.svg"))


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_same_data_give_the_same_bytes_whatever_the_settings(tmp_path: Path, suffix: str) -> None:
    import matplotlib as mpl

    first, second = (tmp_path / f"{name}.{suffix}" for name in ("first", "second"))
    save_picture(first, draw_decoding(**_decoding()))
    with mpl.rc_context({"font.size": 20, "lines.linewidth": 7, "svg.hashsalt": "other"}):
        save_picture(second, draw_decoding(**_decoding()))
    assert first.read_bytes() == second.read_bytes()


def test_matplotlib_settings_are_left_alone(tmp_path: Path) -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    save_picture(tmp_path / "picture.png", draw_decoding(**_decoding()))
    assert dict(mpl.rcParams) == before


def test_velocities_are_drawn_in_centimetres_per_second(tmp_path: Path) -> None:
    """1 mm per 4 ms is 25 cm/s: the drawn scale reaches that and not much more."""
    save_picture(tmp_path / "picture.svg", draw_decoding(**_decoding()))
    minus = "\N{MINUS SIGN}"
    labels = {text for text in _texts(tmp_path / "picture.svg") if text.startswith(minus)}
    assert labels == {f"{minus}20"}


@pytest.mark.parametrize("count", [1, 3, 12])
def test_outputs_of_ones_own(tmp_path: Path, count: int) -> None:
    outputs = (
        Output("grip", "N"),
        *(Output(f"joint {n}", "deg per step") for n in range(1, count)),
    )
    true = np.random.default_rng(1).normal(size=(500, count))
    task = Task("my grasps", 1, 0.01, outputs)
    path = tmp_path / "picture.svg"
    save_picture(
        path,
        draw_decoding(**_decoding(task=task, true=true, decoded=true, spikes=None, seconds=2.0)),
    )
    texts = _texts(path)
    assert "grip (N)" in texts
    drawn = [text for text in texts if text.startswith("joint")]
    assert drawn == [f"joint {n} velocity (deg/s)" for n in range(1, min(count, 8))]


def test_the_window_holds_the_movement() -> None:
    velocity = _decoding()["true"]
    window = plots._window(velocity, 0.004, None, 10.0)
    start, stop = window.start / STEPS_PER_SECOND, window.stop / STEPS_PER_SECOND
    assert stop - start == 10.0
    assert start <= 12
    assert stop >= 20


def test_the_window_can_be_chosen(tmp_path: Path) -> None:
    save_picture(
        tmp_path / "picture.svg", draw_decoding(**_decoding(start_seconds=3.0, seconds=2.0))
    )
    labels = _texts(tmp_path / "picture.svg")
    assert "3.0" in labels or "3.00" in labels


@pytest.mark.parametrize("steps", [2, 100])
def test_a_recording_shorter_than_the_window_is_drawn_whole(tmp_path: Path, steps: int) -> None:
    arguments = _decoding()
    short = {name: arguments[name][-steps:] for name in ("true", "decoded")}
    spikes = np.zeros((steps, 64), np.int8)  # and nobody moves, and no neuron fires
    save_picture(tmp_path / "picture.png", draw_decoding(**arguments | short | {"spikes": spikes}))
    assert (tmp_path / "picture.png").stat().st_size > 0


@pytest.mark.parametrize(
    "window", [{"seconds": 0.0}, {"start_seconds": 31.0}, {"start_seconds": -1.0}]
)
def test_window_outside_the_recording(tmp_path: Path, window: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=r"of a test set of 30 s: choose a window within it"):
        save_picture(tmp_path / "picture.png", draw_decoding(**_decoding(**window)))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["picture.eps", "picture", "picture.png.gz"])
def test_other_formats_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"pictures are PNG, SVG or PDF"):
        check_format(tmp_path / name)
    with pytest.raises(UsageError, match=name):
        save_picture(tmp_path / name, draw_decoding(**_decoding()))
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        save_picture(tmp_path / "file" / "picture.png", draw_decoding(**_decoding()))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_unwritable_folder(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    with pytest.raises(PermissionError):
        save_picture(folder / "picture.png", draw_decoding(**_decoding()))


def test_a_failed_picture_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"old")

    def fail(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pictures.FORMATS[".png"], "print_figure", fail)
    with pytest.raises(OSError, match="No space left"):
        save_picture(path, draw_decoding(**_decoding()))
    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [
        ("picture.png", b"old")
    ]


@pytest.mark.parametrize(
    "name", ["$", "$x^2$ $", "a\x1b[2J\nb", "\u5b57\U0001f600", "\ud800", "x" * 9000]
)
@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_a_stranger_s_name_is_drawn_as_one_line_of_text(
    tmp_path: Path, name: str, suffix: str
) -> None:
    path = tmp_path / f"picture{suffix}"
    save_picture(path, draw_decoding(**_decoding(model=name)))
    if suffix == ".svg":
        assert any(
            text == picture_text(f"{name} on {SESSION}: R² = 0.457") for text in _texts(path)
        )


def test_texts_of_pictures_are_short() -> None:
    assert picture_text("$x^2$ a\x1b\n") == "$x^2$ a?"
    assert len(picture_text("x" * 9000)) == 100
