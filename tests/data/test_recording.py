"""Recordings as loaded, against NeuroBench's own dataset."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsuite.data import digests
from nbsuite.data.digests import file_digest
from nbsuite.data.recording import Recording
from nbsuite.data.sessions import Session
from nbsuite.data.twins.info import TWIN_ATTRIBUTE
from nbsuite.errors import DataError
from nbsuite.files import digest
from nbsuite.tasks.known import find_session
from nbsuite.tasks.opening import load_recording
from nbsuite.twin_info import TwinInfo


def assert_same(first: Recording, second: Recording) -> None:
    np.testing.assert_array_equal(first.stored.packed, second.stored.packed)
    np.testing.assert_array_equal(first.labels, second.labels)
    assert (first.train, first.validation, first.test) == (
        second.train,
        second.validation,
        second.test,
    )
    assert (first.session, first.digest, first.twin) == (
        second.session,
        second.digest,
        second.twin,
    )
    assert first.warnings == second.warnings


def assert_equals_oracle(recording: Recording, dataset: Any) -> None:
    steps = dataset.labels.shape[1]
    assert recording.steps == steps
    spikes = recording.spikes(0, steps)
    assert spikes.dtype == np.int8
    np.testing.assert_array_equal(spikes, dataset.samples[:, :steps].numpy().T)
    np.testing.assert_array_equal(recording.labels, dataset.labels.numpy().T)
    for split, indices in (
        (recording.train, dataset.ind_train),
        (recording.validation, dataset.ind_val),
        (recording.test, dataset.ind_test),
    ):
        assert list(range(split.start, split.stop)) == indices
        assert len(split) == len(indices)


@settings(max_examples=15, deadline=None)
@given(
    channels=st.sampled_from([96, 192]),
    units=st.integers(1, 3),
    steps=st.integers(40, 700),
    reaches=st.integers(4, 15),
    seed=st.integers(0, 2**32 - 1),
    start=st.floats(0.01, 5000),
)
def test_equals_neurobench_cached_and_not(
    draw_recording, oracle, channels, units, steps, reaches, seed, start
):
    drawn = draw_recording(
        channels=channels, units=units, steps=steps, reaches=reaches, seed=seed, start=start
    )
    with TemporaryDirectory() as name:
        monkey = "loco" if channels == 192 else "indy"
        path = drawn.write(Path(name) / f"{monkey}_x.mat")
        plain = load_recording(path, use_cache=False)
        first = load_recording(path, cache=Path(name) / "cache")
        second = load_recording(path, cache=Path(name) / "cache")
        assert isinstance(second.stored.packed, np.memmap)
        assert_equals_oracle(plain, oracle(path))
        assert_same(plain, first)
        assert_same(first, second)


def test_samples_one_longer_than_labels_are_cut(draw_recording, oracle, tmp_path):
    starts = np.random.default_rng(1).uniform(0, 1000, 500)
    steps = 500
    start = next(
        start
        for start in starts
        if np.arange(start - 0.004, (start + 0.004 * np.arange(steps))[-1], 0.004).size > steps
    )
    path = draw_recording(steps=steps, start=start).write(tmp_path / "indy_x.mat")
    assert oracle(path).samples.shape[1] == steps + 1
    assert_equals_oracle(load_recording(path), oracle(path))


def test_empty_cells_are_no_spikes(draw_recording, oracle, tmp_path):
    """NeuroBench reads an empty MATLAB cell as a spike at time 0."""
    drawn = draw_recording(start=-1.0)
    drawn.spike_times[0][5] = drawn.spike_times[1][5] = np.empty(0)  # nothing at all
    drawn.spike_times[1][6] = np.empty(0)  # another unit spikes at time 0
    drawn.spike_times[0][6] = np.array([-0.5, 0.001, 3.0])
    path = drawn.write(tmp_path / "indy_x.mat")
    misread = oracle(path).samples.sum()
    recording = load_recording(path)
    with h5py.File(path, "r+") as file:  # cells that NeuroBench, too, reads as empty
        for cell in list(file["#refs#"]):
            if "MATLAB_empty" in file["#refs#"][cell].attrs:
                unit, channel = (int(part) for part in cell[1:].split("c"))
                empty = file.create_dataset(f"{cell}e", (1, 0), dtype="f8")
                file["spikes"][unit, channel] = empty.ref
    truth = oracle(path)
    assert misread > truth.samples.sum()
    assert_equals_oracle(recording, truth)
    cleared = int(misread - truth.samples.sum())
    assert f"{cleared} input events were cleared" in " ".join(recording.warnings)


def test_empty_cells_outside_the_time_need_no_warning(draw_recording, tmp_path):
    path = draw_recording(start=100.0).write(tmp_path / "indy_x.mat")
    assert "MATLAB" not in " ".join(load_recording(path).warnings)


def test_session_is_made_from_an_unknown_name(tiny_recording_path):
    recording = load_recording(tiny_recording_path)
    assert recording.session.name == "indy_20990101_01"
    assert recording.session.subject is None
    assert recording.channels == recording.session.channels == 96
    assert recording.twin is None
    assert "no published md5" in recording.warnings[0]


def test_twin_is_recognised_whatever_its_name(draw_recording, tmp_path):
    drawn = draw_recording()
    label = '{"session": "indy_20160622_01", "fraction": 0.1, "seed": 1, "generator": 1}'
    drawn.attributes = {TWIN_ATTRIBUTE: label}
    path = drawn.write(tmp_path / "indy_20160622_01-twin-seed1-fraction0.1.mat")
    for _ in range(2):  # built, and from the cache
        recording = load_recording(path)
        assert recording.session == find_session("I1")
        assert recording.twin == TwinInfo("indy_20160622_01", 0.1, 1, 1)
        (warning,) = recording.warnings
        assert "is an old twin, of generator 1," in warning


def test_published_file_is_verified_once(tiny_recording_path, monkeypatch):
    session = Session("indy_x", 96, md5=digest(tiny_recording_path, "md5"))
    hashed = []

    def count(path, algorithm):
        hashed.append(algorithm)
        return file_digest(path, algorithm)

    monkeypatch.setattr(digests, "file_digest", count)
    for _ in range(3):
        assert load_recording(tiny_recording_path, session=session).warnings == ()
    assert sorted(hashed) == ["md5", "sha256"]


def test_oddities_of_a_published_file_are_warnings(draw_recording, tmp_path):
    drawn = draw_recording(units=1, steps=400)
    drawn.time[200] += 0.003
    path = drawn.write(tmp_path / "indy_x.mat")
    with pytest.raises(DataError, match="not 4 ms"):
        load_recording(path)
    published = Session("indy_x", 96, md5=digest(path, "md5"))
    (warning,) = load_recording(path, session=published).warnings
    assert "not 4 ms" in warning


def test_spikes_outside_the_recording_are_a_warning(draw_recording, tmp_path):
    drawn = draw_recording(start=10.0)
    end = drawn.time[-1]
    drawn.spike_times[0][3] = np.array([3.0, 9.99, 9.997, 10.0, 12.0, end, end + 0.01, np.nan])
    warnings = load_recording(drawn.write(tmp_path / "indy_x.mat")).warnings
    assert any(" has 4 of " in warning and "outside" in warning for warning in warnings)


def test_prints_nothing_and_leaves_no_file_open(tiny_recording_path, capfd):
    def open_files() -> set[str]:
        links = list(Path("/proc/self/fd").iterdir())
        return {os.path.realpath(link) for link in links}

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("open files can be listed on Linux only")
    gc.disable()  # a handle that only the garbage collector closes is a leak
    try:
        load_recording(tiny_recording_path, use_cache=False)
        assert str(tiny_recording_path.resolve()) not in open_files()
    finally:
        gc.enable()
    assert capfd.readouterr() == ("", "")


def test_spikes_outside_the_samples_are_an_error(tiny_recording_path):
    recording = load_recording(tiny_recording_path)
    assert recording.spikes(7, 7).shape == (0, 96)
    for start, stop in ((-1, 3), (4, 3), (0, recording.steps + 1)):
        with pytest.raises(IndexError):
            recording.spikes(start, stop)


def test_cached_load_imports_nothing_heavy(tiny_recording_path, tmp_path):
    path = Path(shutil.copy(tiny_recording_path, tmp_path / "indy_x.mat"))
    load_recording(path)
    program = (
        "import sys; from pathlib import Path; from nbsuite.tasks.opening import load_recording;"
        f"load_recording(Path({str(path)!r}));"
        "heavy = {'torch', 'h5py', 'neurobench', 'scipy', 'requests', 'numba', 'matplotlib'};"
        "sys.exit(' '.join(heavy & set(sys.modules)) or 0)"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (finished.returncode, finished.stderr) == (0, "")
