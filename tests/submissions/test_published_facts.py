"""Every figure of the list of published results is in the package, as printed there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from nbsuite.submissions.results.published import (
    PublishedMethod,
    Remark,
    published_methods,
    unranked_section,
)

DOCUMENT = Path(__file__).parents[2] / "docs" / "results.md"
IDS = ["I1", "I2", "I3", "L1", "L2", "L3"]
METRICS = {
    "footprint": "footprint (B)",
    "connection_sparsity": "conn. sparsity",
    "activation_sparsity": "act. sparsity",
    "dense": "dense",
    "macs": "eff. MACs",
    "acs": "eff. ACs",
}
PER_SESSION = {
    "footprint": "footprint",
    "dense": "dense",
    "MACs": "macs",
    "ACs": "acs",
    "activation sparsity": "activation_sparsity",
}
NUMBER = re.compile(r"(?<![\w.])\d*\.?\d[\d,]*(?:\.\d+)?(?![\w])")


@pytest.fixture
def text(shared: Path) -> str:
    return (shared / "published" / "leaderboard.md").read_text(encoding="utf-8")


@pytest.fixture
def methods() -> Mapping[str, PublishedMethod]:
    return {each.method: each for each in published_methods()}


def _tables(text: str) -> list[list[dict[str, str]]]:
    """The Markdown tables: for each row heading to cell; equal headings are numbered."""
    tables = []
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        heading, _rule, *rows = (
            [cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()
        )
        tables.append([dict(zip(heading, row, strict=True)) for row in rows])
    return tables


def _per_session(text: str) -> list[tuple[str, str, list[str]]]:
    """Method, metric and six printed figures of each list per session."""
    lists = []
    for name, line in re.findall(r"^- (\w+): (.*)\.$", text, re.MULTILINE):
        for part in line.split("; "):
            label = next((each for each in PER_SESSION if part.startswith(f"{each} ")), None)
            if label is None:
                continue
            words = part.removeprefix(label).replace(" x3", "_x3").partition("(")[0]
            figures = [
                figure
                for word in re.split(r"[,\s]+", words.strip())
                for figure in [word.removesuffix("_x3")] * (3 if word.endswith("_x3") else 1)
            ]
            lists.append((name, PER_SESSION[label], figures))
    return lists


def _prints_as(value: float, printed: str) -> bool:
    """Whether rounding gives the printed digits; one unit of the last is let through."""
    number = printed.replace(",", "")
    digits = len(number.partition(".")[2])
    return abs(value - float(number)) < 10.0**-digits


def _words(remarks: Sequence[Remark], *more: str) -> str:
    return " ".join([*more, *(f"{each.text} {each.source}" for each in remarks)])


def _missing(printed: str, carried: str, values: Sequence[float] = ()) -> list[str]:
    """The numbers printed that are neither among the words carried nor the values."""
    found = {number.rstrip(",.").lstrip("0") for number in NUMBER.findall(carried)}
    return [
        number
        for number in (each.rstrip(",.") for each in NUMBER.findall(printed))
        if number.lstrip("0") not in found
        and not any(_prints_as(value, number) for value in values)
    ]


def test_there_are_the_two_tables_that_are_compared_here(text: str) -> None:
    assert [len(table) for table in _tables(text)] == [9, 9]
    assert len(re.findall(r"^#", text, re.MULTILINE)) == 2


def test_every_ranked_row(text: str, methods: Mapping[str, PublishedMethod]) -> None:
    rows = {row["method"].split()[0].rstrip(","): row for row in _tables(text)[0]}
    assert methods.keys() == rows.keys()
    for name, row in rows.items():
        method = methods[name]
        assert _prints_as(method.means["r2"], row["mean R2"].split()[0]), name
        for metric, heading in METRICS.items():
            assert _prints_as(method.means[metric], row[heading]), (name, metric)
        printed = [word for word in row["per session"].split() if word not in "-/"]
        assert list(method.sessions) == (IDS if printed else [])
        for session, figure in zip(method.sessions.values(), printed, strict=True):
            assert _prints_as(session["r2"], figure), name
        seeds = re.search(r"(\d+) seeds", row["method"])
        assert method.seeds == (int(seeds[1]) if seeds else None)
        words = _words(method.remarks, method.source)
        assert _missing(row["mean R2"].partition("(")[2], words) == []
        assert _missing(row["source"], words) == []


def test_every_figure_of_a_session(text: str, methods: Mapping[str, PublishedMethod]) -> None:
    lists = _per_session(text)
    assert len(lists) == 13
    for name, metric, figures in lists:
        values = [methods[name].sessions[session][metric] for session in IDS]
        for value, figure in zip(values, figures, strict=True):
            assert _prints_as(value, figure), (name, metric)


def test_every_row_of_the_section(text: str) -> None:
    rows = _tables(text)[1]
    section = unranked_section()
    assert [each.method for each in section.methods] == [row["method"] for row in rows]
    for method, row in zip(section.methods, rows, strict=True):
        assert _prints_as(method.plain["r2"], row["R2"])
        assert _prints_as(method.filtered["r2"], row["with Bessel filter"].split()[0])
        assert _prints_as(method.plain["footprint"], row["footprint (B)"])
        kind = "macs" if "MACs" in row["operations a step"] else "operations"
        assert _prints_as(method.plain[kind], row["operations a step"].split()[0])
        if row["with filter"] == "-":
            assert method.filtered.keys() == {"r2"}
        else:
            assert _prints_as(method.filtered[kind], row["with filter"])
        doubt = row["with Bessel filter"].partition("(")[2].rstrip(")")
        assert doubt in " ".join(method.marks)
        assert bool(doubt) == bool(method.marks)


def test_every_figure_of_the_sections_introduction(text: str) -> None:
    section = unranked_section()
    introduction = text.partition("\n## ")[2].partition("\n")[2].partition("\n|")[0]
    assert _missing(introduction, _words(section.remarks, section.source)) == []
    for word in ("CityU-BRAINSys-Lab/Combining-SNNs-with-filtering", "paretoplot_50.py"):
        assert word in introduction
        assert word in section.source
    assert section.marks == ("split and seeds not confirmed", "with filter: lookahead not stated")


def test_every_figure_of_the_remarks(text: str, methods: Mapping[str, PublishedMethod]) -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    aegru, gru, snn3 = methods["AEGRU"], methods["GRU-t1"], methods["SNN3"]
    carried = {
        "GRU-t1 and GRU-t2": (_words(gru.remarks, gru.source), ()),
        "AEGRU": (_words(aegru.remarks), [each["macs"] for each in aegru.sessions.values()]),
        "A third winner": (document, ()),
        "ANN2D": (_words(snn3.remarks), [methods["ANN2D"].means["macs"]]),
        "Not comparable": (document, ()),
    }
    bullets = re.findall(r"^- (.*)$", text.partition("\n## ")[2], re.MULTILINE)
    assert len(bullets) == len(carried)
    for start, (words, values) in carried.items():
        [bullet] = [each for each in bullets if each.startswith(start)]
        bullet = bullet.replace(", not 4969.77", "")
        assert _missing(bullet, words, values) == [], start
    [macs] = re.findall(r"effective MACs per session ([\d,]+(?: /? ?[\d,]+){5})", text)
    for session, figure in zip(IDS, macs.replace("/", "").split(), strict=True):
        assert _prints_as(aegru.sessions[session]["macs"], figure)
    assert methods["ANN2D"].means["macs"] == 4969.763
    assert methods["GRU-t2"].remarks == gru.remarks
    [names] = [each for each in bullets if each.startswith("Not comparable")]
    for name in re.findall(r"Spikachu|POSSM|Mamba|Sleeping Machines|\d{4}\.\d{5}", names):
        assert name in document
    assert "Primate Whisperer" in document


def test_every_figure_of_the_known_faults(
    text: str, methods: Mapping[str, PublishedMethod]
) -> None:
    [faults] = re.findall(r"^Known faults .*$", text, re.MULTILINE)
    faults = re.sub(r"Table 2|a NeuroBench issue of 2025|\.\./README\.md", "", faults)
    carried = " ".join(_words(each.remarks) for each in methods.values())
    assert _missing(faults, carried) == []
    assert any("ties with bigRSNN" in each.text for each in methods["AEGRU"].remarks)


def test_the_sparsity_of_snn3_is_told_in_the_same_words_everywhere(
    methods: Mapping[str, PublishedMethod],
) -> None:
    [remark] = methods["SNN3"].remarks
    assert remark.metric == "activation_sparsity"
    folder = DOCUMENT.parent
    for text in (
        remark.text,
        *((folder / name).read_text(encoding="utf-8") for name in ("results.md", "baselines.md")),
    ):
        assert "first neuron of each layer alone" in " ".join(text.split())
        assert "first sample" not in text
