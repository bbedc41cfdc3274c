"""Hands that do not move, and positions that no hand can have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from nbsuite.benchmarking.session import RunSettings, measure_checkpoint, verify_checkpoint
from nbsuite.cli.main import main
from nbsuite.data.sessions import Session
from nbsuite.data.still import still_outputs
from nbsuite.errors import BenchmarkError, DataError
from nbsuite.files import digest
from nbsuite.models.checkpoint import CheckpointHeader, load_checkpoint, save_checkpoint
from nbsuite.tasks.info import inspect
from nbsuite.tasks.opening import load_recording
from nbsuite.training.ridge import train_ridge


@pytest.fixture
def checkpoint(draw_decoder, tmp_path) -> Path:
    decoder = draw_decoder()
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, decoder, CheckpointHeader(decoder.spec))
    return path


def _with_cursor(draw_recording, path: Path, change) -> Path:
    """A recording whose cursor is changed by a function of its positions (2, T)."""
    drawn = draw_recording(units=1, steps=2000)
    drawn.cursor = change(drawn.cursor)
    return drawn.write(path)


def _still_at_the_end(cursor, axes=(0, 1), each_step=0.0):
    cursor = cursor.copy()
    for axis in axes:
        cursor[axis, 900:] = 50.0 + each_step * np.arange(cursor.shape[1] - 900)
    return cursor


@pytest.mark.parametrize(
    ("axes", "each_step", "named"),
    [((0, 1), 0.0, "x and y"), ((0,), 0.0, "x"), ((1,), 0.0, "y"), ((1,), 0.125, "y")],
)
def test_hand_that_never_moves_in_the_test_set(
    draw_recording, tmp_path, checkpoint, axes, each_step, named
):
    path = _with_cursor(
        draw_recording,
        tmp_path / "indy_x.mat",
        lambda cursor: _still_at_the_end(cursor, axes, each_step),
    )
    recording = load_recording(path)
    warned = f"velocity never changes along {named} in"
    assert any(warned in warning and "test" in warning for warning in inspect(path).warnings)
    fault = f"targets that never change, {named}, in samples"
    for arguments in ([], ["--json"]):
        result = CliRunner().invoke(
            main, ["benchmark", str(checkpoint), "-s", str(path), *arguments]
        )
        assert (result.exit_code, type(result.exception)) == (1, SystemExit)
        assert fault in result.stderr
        assert "R2 is undefined: leave r2 out with --metrics" in result.stderr
        assert len(result.stderr.strip().splitlines()[-1]) <= 510
    loaded = load_checkpoint(checkpoint)
    with pytest.raises(DataError, match=fault):
        verify_checkpoint(loaded, recording, 100, RunSettings())
    values = measure_checkpoint(loaded, recording, RunSettings(metrics=("mse",)))[0].values
    assert np.isfinite(values["mse"])


def test_hand_that_never_moves_where_the_penalty_is_chosen(draw_recording, tmp_path):
    path = _with_cursor(draw_recording, tmp_path / "indy_x.mat", _still_at_the_end)
    with pytest.raises(DataError, match="targets that never change, x and y, in the samples"):
        train_ridge(load_recording(path))


def test_still_outputs():
    moving, still = np.array([0.0, 0.1]), np.array([0.3, 0.3])
    for x, y, expected in (
        (moving, moving, ()),
        (still, moving, ("x",)),
        (moving, still, ("y",)),
        (still, still, ("x", "y")),
    ):
        assert still_outputs(np.stack([x, y], axis=1).astype(np.float32), ("x", "y")) == expected
    late = np.zeros((9000, 2), dtype=np.float32)
    late[-1] = 1
    assert still_outputs(late, ("x", "y")) == ()
    assert still_outputs(late[:0], ("x", "y")) == ()


def test_figure_that_is_not_finite_is_no_result(draw_recording, tmp_path, checkpoint, monkeypatch):
    recording = load_recording(draw_recording(units=1, steps=400).write(tmp_path / "indy_x.mat"))
    from neurobench.metrics.workload import MSE

    monkeypatch.setattr(MSE, "__call__", lambda *_: float("inf"))
    with pytest.raises(BenchmarkError, match="so that NeuroBench's mse is inf"):
        measure_checkpoint(load_checkpoint(checkpoint), recording, RunSettings(metrics=("mse",)))


@pytest.mark.parametrize(
    ("factor", "fault"),
    [
        (0.1, "along an axis (root mean square), where recordings of reaches have about 8"),
        (0.001, "(root mean square)"),
        (30.0, "(root mean square)"),
    ],
    ids=["cm", "m", "pixels"],
)
def test_positions_in_another_unit_are_warned_of(draw_recording, tmp_path, factor, fault):
    drawn = draw_recording(units=1, steps=4000, reaches=8)
    drawn.cursor *= factor
    path = drawn.write(tmp_path / "indy_x.mat")
    info = inspect(path)
    assert info.problems == ()
    assert any(fault in w and "give the positions in mm" in w for w in info.warnings)


def test_plausible_recording_is_not_warned_of(tiny_recording_path):
    (warning,) = inspect(tiny_recording_path).warnings
    assert "md5" in warning


@pytest.mark.parametrize(
    ("part", "value", "fault"),
    [
        ("cursor", 1e300, "has positions up to 1e+297 m away in cursor_pos"),
        ("target", 1e300, "has positions up to 1e+297 m away in target_pos"),
        ("target", -20_000.0, "has positions up to 20 m away in target_pos"),
        ("cursor", 1e308, "m away in cursor_pos"),
        ("cursor", 9_000.0, "has a hand that moves at 1.11e+03 m/s"),
    ],
)
def test_one_absurd_position(draw_recording, tmp_path, part, value, fault):
    drawn = draw_recording(units=1, steps=2000)
    getattr(drawn, part)[1, 700] = value
    path = drawn.write(tmp_path / "indy_x.mat")
    with pytest.raises(DataError) as raised:
        load_recording(path)
    assert fault in str(raised.value)
    assert "give the positions in mm" in str(raised.value)
    assert str(raised.value) in inspect(path).problems
    # What is published is as it is.
    published = Session("indy_x", 96, md5=digest(path, "md5"))
    if abs(value) < 1e30:  # beyond, labels in single precision are NaN
        assert any(fault in w for w in load_recording(path, session=published).warnings)


def test_a_leap_of_the_sensor_is_warned_of(draw_recording, tmp_path):
    drawn = draw_recording(units=1, steps=2000)
    drawn.cursor[0, 700] += 300.0
    warnings = load_recording(drawn.write(tmp_path / "indy_x.mat")).warnings
    assert any("moves at 37" in warning and "without leaps" in warning for warning in warnings)


@pytest.mark.parametrize(("hertz", "refused"), [(300, False), (1500, True)])
def test_more_spikes_than_neurons_fire(draw_recording, tmp_path, hertz, refused):
    drawn = draw_recording(units=1, steps=400)
    times = np.linspace(drawn.time[0], drawn.time[-1], int(hertz * 1.6))
    drawn.spike_times = [[times] * 96]
    path = drawn.write(tmp_path / "indy_x.mat")
    info = inspect(path)
    sentences = info.problems if refused else info.warnings
    assert any("spikes a second on a channel" in sentence for sentence in sentences)
    assert bool(info.problems) == refused
