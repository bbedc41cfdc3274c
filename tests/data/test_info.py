"""What `inspect` finds out, against figures computed in another way."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from nbsuite.data.twins.info import TWIN_ATTRIBUTE
from nbsuite.tasks.info import inspect
from nbsuite.twin_info import TwinInfo


def test_figures(draw_recording, oracle, tmp_path):
    drawn = draw_recording(units=3, steps=4000, reaches=9, seed=3)
    for unit in range(3):
        drawn.spike_times[unit][7] = np.empty(0)
    path = drawn.write(tmp_path / "indy_x.mat")
    info = inspect(path)
    dataset = oracle(path)
    samples = dataset.samples.numpy()[:, :4000]
    hertz = samples.sum(axis=1) / 16
    assert (info.session, info.twin) == ("indy_x", None)
    assert (info.channels, info.units, info.samples) == (96, 3, 4000)
    assert info.seconds == pytest.approx(16)
    assert info.reaches == 9
    moves = np.flatnonzero(np.abs(np.diff(drawn.target)).sum(axis=0))
    assert info.median_reach_seconds == pytest.approx(np.median(np.diff(moves)) * 0.004)
    assert info.rates is not None
    assert info.rates.mean == pytest.approx(hertz.mean())
    assert info.rates.lower_quartile == pytest.approx(np.percentile(hertz, 25))
    assert info.rates.median == pytest.approx(np.median(hertz))
    assert info.rates.upper_quartile == pytest.approx(np.percentile(hertz, 75))
    assert info.rates.maximum == pytest.approx(hertz.max())
    assert info.rates.silent_channels == 1
    centimetres = np.gradient(drawn.cursor, 0.004, axis=1) / 10
    assert info.velocity_deviation == pytest.approx(tuple(centimetres.std(axis=1)), rel=1e-5)
    for split, name, indices in zip(
        info.splits,
        ("training", "validation", "test"),
        (dataset.ind_train, dataset.ind_val, dataset.ind_test),
        strict=True,
    ):
        assert split.name == name
        assert split.steps == len(indices)
        assert split.seconds == pytest.approx(len(indices) * 0.004)
        assert split.events == samples[:, indices].sum()
    assert info.problems == ()
    assert len(info.warnings) == 1  # no published md5


def test_is_json(draw_recording, tmp_path):
    drawn = draw_recording(units=1, steps=400)
    label = TwinInfo("indy_20160622_01", 0.1, 1, 1)
    drawn.attributes = {TWIN_ATTRIBUTE: json.dumps(asdict(label))}
    info = inspect(drawn.write(tmp_path / "indy_x.mat"))
    assert info.twin == label
    document = json.loads(json.dumps(asdict(info), allow_nan=False))
    assert document["twin"]["session"] == document["session"] == "indy_20160622_01"
    assert document["splits"][2]["name"] == "test"


def test_all_that_is_wrong(draw_recording, tmp_path):
    drawn = draw_recording(channels=32, units=1, steps=400)
    drawn.cursor[0, 3] = np.nan
    drawn.time[30:] += 1
    info = inspect(drawn.write(tmp_path / "someone.mat"))
    assert (info.channels, info.samples, info.splits, info.rates) == (32, 400, (), None)
    for fault in ("cursor_pos", "not 4 ms"):
        assert sum(fault in problem for problem in info.problems) >= 1, fault
    assert all(problem.startswith(str(tmp_path)) for problem in info.problems)
    assert len(info.warnings) == 1


def test_too_few_reaches(draw_recording, tmp_path):
    info = inspect(draw_recording(units=1, steps=400, reaches=1).write(tmp_path / "indy_x.mat"))
    assert (info.reaches, info.median_reach_seconds, info.splits) == (1, None, ())
    assert len(info.problems) == 1


def test_unreadable_file(tmp_path):
    path = tmp_path / "indy_x.mat"
    path.write_bytes(b"nothing")
    info = inspect(path)
    assert replace(info, problems=()) == replace(
        inspect(tmp_path / "x"), problems=(), file=str(path)
    )
    assert len(info.problems) == 1
