from __future__ import annotations

import json
import re
from importlib import resources
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsuite.errors import ResultsError, UsageError
from nbsuite.submissions.report.page import Page, render
from nbsuite.submissions.report.pictures import INK_DARK, PAPER_DARK
from nbsuite.submissions.report.provenance import (
    Provenance,
    provenance_section,
    read_all_provenance,
)
from nbsuite.submissions.report.write import build_report, check_name, write_report
from nbsuite.submissions.results.challenge import provenance_path
from nbsuite.submissions.results.decoders import decoders_of
from nbsuite.submissions.results.folder import read_results
from nbsuite.submissions.tables.intervals import interval_text
from tests.submissions.html_page import Element, read_html
from tests.submissions.report_inputs import EVIL, build_everything, draw_decoding
from tests.submissions.results_files import NAMES, write_lists, write_measured, write_six


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that :func:`everything` is made of."""
    return tmp_path_factory.mktemp("report") / "results"


@pytest.fixture(scope="module")
def everything(folder: Path) -> str:
    """A report with everything in it."""
    return build_everything(folder)


@pytest.fixture(scope="module")
def page(everything: str) -> Element:
    return read_html(everything)


def _section(page: Element, name: str) -> Element:
    return next(each for each in page.all("section") if each.attributes["id"] == name)


def _captions(within: Element) -> list[str]:
    return [caption.text for caption in within.all("caption", "figcaption")]


def test_the_page_has_every_part(page: Element) -> None:
    names = [section.attributes["id"] for section in page.all("section")]
    assert names == ["summary", "real", "twins", "decoding", "training", "provenance"]
    assert [len(_section(page, name).all("table")) for name in names] == [1, 4, 3, 0, 1, 1]
    assert [len(_section(page, name).all("svg")) for name in names] == [0, 1, 1, 2, 4, 0]
    for text in ("0.610 ± 0.010", "GRU-t1", "mine (yours)", "cdcdcdcdcdcdcdcd", "LSTM"):
        assert text in page.text


def test_it_needs_nothing_from_outside(everything: str, page: Element) -> None:
    assert page.all("script", "link", "iframe", "object", "embed", "base", "form") == []
    for element in page.walk():
        for key, value in element.attributes.items():
            assert not key.startswith("on")
            assert "//" not in value or key == "content" or value.startswith("data:")
            if key in ("href", "src"):
                assert value.startswith(("#", "data:"))
    assert re.findall(r"url\((?!#)", everything) == []
    assert "@import" not in everything
    assert "default-src 'none'" in everything


def test_references_within_the_page_hold(everything: str, page: Element) -> None:
    names = [each.attributes["id"] for each in page.walk() if "id" in each.attributes]
    assert len(names) == len(set(names))
    targets = set(re.findall(r"url\(#([^)]+)\)", everything))
    for element in page.walk():
        targets |= set(element.attributes.get("aria-labelledby", "").split())
        if element.attributes.get("href", "").startswith("#"):
            targets.add(element.attributes["href"].removeprefix("#"))
    assert len(targets) > 20
    assert targets <= set(names)


def test_headings_and_landmarks(page: Element) -> None:
    levels = [int(each.tag[1]) for each in page.all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert [len(page.all(tag)) for tag in ("header", "nav", "main", "footer")] == [1, 1, 1, 1]
    assert page.all("html")[0].attributes["lang"] == "en"
    first = page.all("body")[0].children[0]
    assert (first.tag, first.attributes["href"]) == ("a", "#content")
    assert page.all("main")[0].attributes["id"] == "content"


def test_tables_are_told_to_screen_readers(page: Element) -> None:
    tables = page.all("table")
    assert len(tables) == 10
    for table in tables:
        assert table.children[0].tag == "caption"
        assert table.children[0].text.strip()
        width = len(table.all("thead")[0].all("th"))
        for heading in table.all("thead")[0].all("th"):
            assert heading.attributes["scope"] == "col"
            assert heading.text
        for row in table.all("tbody")[0].children:
            assert len(row.children) == width
            headers = [cell for cell in row.children if cell.tag == "th"]
            assert headers
            assert all(cell.attributes["scope"] == "row" and cell.text for cell in headers)


def test_what_is_too_wide_scrolls_for_the_keyboard_too(page: Element) -> None:
    regions = [each for each in page.all("div") if each.attributes.get("class", "")[:6] == "scroll"]
    assert len(regions) == len(page.all("table")) + len(page.all("svg"))
    for region in regions:
        assert region.attributes["tabindex"] == "0"
        assert region.attributes["role"] == "region"
        assert region.attributes["aria-labelledby"]


def test_pictures_have_words(page: Element) -> None:
    for image in page.all("img"):
        assert image.attributes["alt"]
    pictures = page.all("svg")
    assert all(picture.attributes["role"] == "img" for picture in pictures)
    descriptions = [picture.attributes["aria-label"] for picture in pictures]
    assert min(map(len, descriptions)) > 60
    assert "GRU-t1" in descriptions[0]  # the front, in words
    assert "0.4 to 0.4" in descriptions[-2]  # how the validation R2 went
    assert len(page.all("figcaption")) == len(pictures)


def test_twins_are_marked_everywhere_and_real_ones_nowhere(page: Element) -> None:
    assert all("TWIN" in caption for caption in _captions(_section(page, "twins")))
    assert all("real recordings" in caption for caption in _captions(_section(page, "real")))
    assert "TWIN" not in _section(page, "real").text
    for name, kinds in {
        "summary": ["both"],
        "real": ["real"] * 5,
        "twins": ["twin"] * 4,
        "decoding": ["real", "twin"],
        "training": ["both", "twin", "twin", "real", "real"],
        "provenance": ["both"],
    }.items():
        badges = [
            each
            for each in _section(page, name).all("span")
            if "data" in each.attributes.get("class", "")
        ]
        found = [each.attributes["class"].removeprefix("data ") for each in badges]
        assert sorted(found) == sorted(kinds), name
    for figure in page.all("figure"):
        twin = "TWIN" in figure.all("figcaption")[0].text
        assert ("TWIN" in figure.all("svg")[0].text) == twin
    assert "Part of this report is about synthetic recordings" in page.all("header")[0].text


def test_weights_trained_on_twins_are_told_of(page: Element) -> None:
    table = _section(page, "provenance").all("table")[0]
    column = [heading.text for heading in table.all("thead")[0].all("th")].index("Trained on")
    assert [row.children[column].text for row in table.all("tbody")[0].children] == ["TWIN"] * 2
    real = _section(page, "decoding").all("figcaption")[0].text
    assert "trained on a TWIN" in real


def test_without_twins_there_is_no_warning(tmp_path: Path) -> None:
    write_six(tmp_path)
    html = build_report([(tmp_path, read_results(tmp_path))])
    assert "TWIN" not in read_html(html).all("header")[0].text
    assert "No provenance came with" in html


def test_the_same_inputs_give_the_same_text(everything: str, folder: Path) -> None:
    assert build_everything(folder) == everything


def test_what_strangers_wrote_is_shown_and_not_run(tmp_path: Path) -> None:
    html = build_everything(tmp_path / "<img src=x onerror=alert(2)>", EVIL)
    page = read_html(html)
    assert "<script" not in html
    assert "<img" not in html
    assert page.all("script", "img") == []
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 10
    assert "<script>alert(1)</script>&\"'" in page.text
    assert "\x1b" not in html
    write_report(tmp_path / "report.html", html)  # a lone surrogate could not be written


def test_sessions_are_ranked_where_no_model_has_all(tmp_path: Path) -> None:
    write_lists(tmp_path, recording=NAMES[2])
    write_lists(tmp_path, recording=NAMES[3])
    page = read_html(build_report([(tmp_path, read_results(tmp_path))]))
    headings = [heading.text for heading in page.all("h3")]
    assert headings[2:] == ["Leaderboard: session I3", "Leaderboard: session L1"]
    row = _section(page, "summary").all("tbody")[0].children[0]
    assert [cell.text for cell in row.children][:5] == ["mine", "real", "I3, L1", "2", "-"]


def test_a_decoder_without_spikes(tmp_path: Path) -> None:
    write_six(tmp_path)
    decoding = draw_decoding()
    object.__setattr__(decoding, "spikes", None)
    page = read_html(build_report([(tmp_path, read_results(tmp_path))], [decoding]))
    assert "hidden" not in _section(page, "decoding").text


def test_recordings_of_ones_own_alone_are_no_report(tmp_path: Path) -> None:
    (tmp_path / "results_mine_my_own.json").write_bytes(write_lists(tmp_path / "x").read_bytes())
    with pytest.raises(ResultsError, match="no results on sessions of the challenge"):
        build_report([(tmp_path, read_results(tmp_path))])


@pytest.mark.parametrize("name", ["report.pdf", "report", "report.md"])
def test_a_report_is_html(name: str) -> None:
    with pytest.raises(UsageError, match="a report is HTML"):
        check_name(Path(name))


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["runs", "data", "checkpoint", "recipe", "versions", "twin", "run", "trained_on"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.just("runs"), st.lists(_JSON, max_size=3), min_size=1))
def test_provenance_of_any_shape(content: dict[str, object]) -> None:
    provenance = Provenance({Path("results_mine_indy_20160622_01.json"): content})
    page = Page("title", "introduction", None, [provenance_section(provenance)], "footer")
    tree = read_html(render(page))
    assert len(tree.all("tbody")[0].children) == len(content["runs"])  # type: ignore[arg-type]
    assert isinstance(provenance.twin_digests(), frozenset)


def test_a_page_is_no_larger_than_a_browser_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(number: int) -> dict[str, object]:
        recipe = {"note": "x" * 100_000, "number": number}
        versions = {"nbsuite": f"{number}" * 100_000}
        return {"checkpoint": {"recipe": recipe, "file": "y" * 100_000}, "versions": versions}

    content = {"runs": [run(number) for number in range(60)]}
    monkeypatch.setattr("nbsuite.submissions.report.provenance._MOST_RUNS", 50)
    monkeypatch.setattr("nbsuite.submissions.report.provenance._MOST_TEXTS", 20)
    files = {Path("results_mine_indy_20160622_01.json"): content}
    files |= {Path(f"results_{number}_indy_20160622_01.json"): {} for number in range(100)}
    section = provenance_section(Provenance(files))
    html = render(Page("title", "introduction", None, [section], "footer"))
    assert len(html) < 20 * 21_000 + 50 * 2_000 + 30_000
    assert "The first 50 of 60 runs." in html
    assert "and 80 more." in html


def test_provenance_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = {"twin": False, "runs": [{}] * 100}
    provenance_path(write_lists(tmp_path)).write_text(json.dumps(content))
    provenance = read_all_provenance([tmp_path])
    monkeypatch.setattr("nbsuite.submissions.results.results_file.read_provenance", pytest.fail)
    assert len(list(provenance.runs())) == 100
    provenance_section(provenance)


def test_too_much_for_one_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_lists(tmp_path, "a")
    provenance_path(write_lists(tmp_path, "b")).write_text('{"twin": false}')
    monkeypatch.setattr("nbsuite.submissions.report.write._MOST_MODELS", 1)
    with pytest.raises(ResultsError, match="results of 2 models"):
        build_report([(tmp_path, read_results(tmp_path))])
    monkeypatch.setattr("nbsuite.submissions.report.provenance._MOST_BYTES", 10)
    with pytest.raises(ResultsError, match="has more than 10 bytes"):
        read_all_provenance([tmp_path])


def _luminance(colour: str) -> float:
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _contrast(one: str, other: str) -> float:
    """As defined by the Web Content Accessibility Guidelines 2."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _colours(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", css))


def test_letters_stand_out_on_light_and_on_dark_pages(everything: str) -> None:
    style = (resources.files("nbsuite.submissions") / "templates" / "report.css").read_text()
    light_css, dark_css = style.split("@media", 2)[:2]
    drawn_light, drawn_dark = re.findall(r":root \{ (--drawn.+?) \}", everything)
    assert _colours(drawn_light).keys() == _colours(drawn_dark).keys()
    assert set(re.findall(r"var\(--(drawn-\w+)\)", everything)) == _colours(drawn_light).keys()
    for css, drawn in ((light_css, drawn_light), (dark_css, drawn_dark)):
        colours = _colours(css) | _colours(drawn)
        for name in (
            "ink",
            "faint",
            "link",
            "twin",
            "drawn-000000",
            "drawn-d55e00",
            "drawn-0072b2",
        ):
            assert _contrast(colours[name], colours["paper"]) >= 4.5, name
        assert _contrast(colours["twin"], colours["twin-ground"]) >= 4.5
        assert _contrast(colours["ink"], colours["ground"]) >= 4.5
        assert _contrast(colours["focus"], colours["paper"]) >= 3
        assert colours["drawn-ffffff"] == colours["paper"]
        assert colours["drawn-000000"] == colours["ink"]
    dark = _colours(dark_css)
    assert dark["ink"] == "#" + "".join(f"{part:02x}" for part in INK_DARK)
    assert dark["paper"] == "#" + "".join(f"{part:02x}" for part in PAPER_DARK)


def test_intervals_and_what_their_bars_are(tmp_path: Path) -> None:
    for model, noise in (("good", 0.2), ("poor", 0.8)):
        write_measured(tmp_path, model, noise=noise)
    text = build_report([(tmp_path, read_results(tmp_path))])
    [good, poor] = decoders_of(read_results(tmp_path).real)
    for each in (good, poor, good.on(["I1"])):
        assert interval_text(each.interval()) in text
    assert "Bars are 95 % intervals of R2 over sessions" in text
    assert "vs good (yours)" in text
    assert "No interval" in text  # of the published


def test_without_intervals_there_are_no_bars(tmp_path: Path) -> None:
    write_lists(tmp_path, recording=f"{NAMES[0]}-twin-seed1")
    text = build_report([(tmp_path, read_results(tmp_path))])
    assert "Bars are" not in text
    assert "95 % interval</" not in text
