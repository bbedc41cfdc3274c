"""The published figures that the package carries, against where they come from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nbsuite.submissions.results.challenge import METRICS
from nbsuite.submissions.results.published import (
    published_methods,
    published_misprints,
    published_runs,
)

IDS = ["I1", "I2", "I3", "L1", "L2", "L3"]


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
    assert all(remark.text for remark in each.remarks)
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
