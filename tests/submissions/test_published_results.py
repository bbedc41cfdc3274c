"""The published figures that the package carries, against where they come from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nbsuite.submissions.challenge import METRICS
from nbsuite.submissions.published_results import (
    published_methods,
    published_misprints,
    published_runs,
)

IDS = ["I1", "I2", "I3", "L1", "L2", "L3"]
HEADINGS = ["footprint", "connection_sparsity", "activation_sparsity", "dense", "macs", "acs"]


def _printed_rows(shared: Path) -> dict[str, dict[str, list[str]]]:
    """The rows of the table of published results: method to column to the words in it."""
    lines = (shared / "published" / "leaderboard.md").read_text(encoding="utf-8").splitlines()
    rows = {}
    for line in lines[6:15]:
        method, mean, sessions, *figures, _source = [c.strip() for c in line.strip("|").split("|")]
        row = dict(zip(HEADINGS, ([figure] for figure in figures), strict=True))
        rows[method.split()[0].rstrip(",")] = row | {
            "r2": [mean.split()[0]],
            "sessions": [word for word in sessions.split() if word not in "-/"],
        }
    return rows


def _prints_as(value: float, printed: str) -> bool:
    """Whether rounding gives the printed digits; one unit of the last is let through."""
    number = printed.replace(",", "")
    digits = len(number.partition(".")[2])
    return abs(value - float(number)) < 10.0**-digits


def test_every_published_row_is_there_as_printed(shared: Path) -> None:
    rows = _printed_rows(shared)
    methods = {each.method: each for each in published_methods()}
    assert methods.keys() == rows.keys()
    assert len(rows) == 9
    for name, row in rows.items():
        for metric in METRICS:
            assert _prints_as(methods[name].means[metric], row[metric][0]), (name, metric)
        sessions = methods[name].sessions
        assert list(sessions) == (IDS if row["sessions"] else [])
        for session, printed in zip(sessions.values(), row["sessions"], strict=True):
            assert _prints_as(session["r2"], printed), name


def test_the_published_lists_are_carried_unchanged(shared: Path) -> None:
    names = {"tinyRSNN": "tinyRSNN", "bigRSNN": "maxR2"}
    files = dict(
        zip(IDS, sorted((shared / "published/zenkelab").glob("*tiny*_*_*_*.json")), strict=True)
    )
    for model, called in names.items():
        for session, file in files.items():
            original = file.with_name(file.name.replace("tinyRSNN", called))
            assert published_runs()[model][session] == json.loads(original.read_text())


@pytest.mark.parametrize("method", published_methods(), ids=lambda method: method.method)
def test_means_are_those_of_the_sessions(method: object) -> None:
    [each] = [known for known in published_methods() if known is method]
    assert set(each.means) == set(METRICS)
    assert each.source
    for metric, mean in each.means.items():
        values = [session[metric] for session in each.sessions.values() if metric in session]
        if len(values) == 6:  # published to three digits: they may err by half of the last
            assert sum(values) / 6 == pytest.approx(mean, rel=1e-4, abs=6e-4), metric


def test_misprints_are_of_published_figures() -> None:
    assert len(published_misprints()) == 5
    methods = {each.method: each for each in published_methods()}
    for misprint in published_misprints():
        method = methods[misprint.method]
        values = {**method.sessions, "mean": method.means}[misprint.session]
        due, printed = misprint.due.split()[0], misprint.printed.split()[0]
        digits = len(due.partition(".")[2])
        assert f"{values[misprint.metric]:.{digits}f}" == due
        assert misprint.due != misprint.printed
        assert printed
