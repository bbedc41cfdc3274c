"""The file of a recording of one's own: what goes in comes out, and nothing else is read."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsuite.data.own.header import MARK
from nbsuite.data.recording import Recording
from nbsuite.errors import DataError, NbsuiteError, UsageError
from nbsuite.files import digest
from nbsuite.tasks.opening import load_recording
from tests.data.own_arrays import own_arrays


def assert_same(first: Recording, second: Recording) -> None:
    np.testing.assert_array_equal(first.spikes(0, first.steps), second.spikes(0, second.steps))
    np.testing.assert_array_equal(first.labels, second.labels)
    for name in ("task", "segments", "train", "validation", "test", "origin", "binary", "digest"):
        assert getattr(first, name) == getattr(second, name)


@pytest.fixture
def drawn() -> Recording:
    spikes, targets = own_arrays(outputs=3)
    return Recording.from_arrays(
        *(spikes, targets, 0.05),
        name="mine",
        names=("Daumen", "Zeigefinger", "Größe"),
        units=("deg", "deg", "µm"),
        segments=[(0, 200), (210, 590)],
    )


def test_what_is_written_is_read(drawn, tmp_path):
    saved = drawn.save(tmp_path / "a" / "other.name.h5")
    loaded = load_recording(saved.path)
    assert_same(saved, loaded)
    assert_same(drawn, loaded)
    assert loaded.name == loaded.session.name == "other.name"
    assert loaded.digest == digest(saved.path)
    assert loaded.warnings == ()


@settings(max_examples=15)
@given(
    st.integers(8, 60), st.integers(1, 9), st.integers(1, 4), st.integers(1, 9), st.integers(0, 99)
)
def test_any_shape(tmp_path_factory, steps, channels, outputs, most, seed):
    spikes, targets = own_arrays(steps, channels, outputs, most, seed)
    spikes[0, 0] = most
    drawn = Recording.from_arrays(spikes, targets, 0.001)
    assert_same(drawn, load_recording(drawn.save(tmp_path_factory.mktemp("own") / "x.h5").path))


def test_whatever_it_is_called(drawn, tmp_path):
    saved = drawn.save(str(tmp_path / "indy_20160622_01.mat"))
    assert_same(saved, load_recording(saved.path))


def test_its_head_can_be_read_by_eye(drawn, tmp_path):
    first, second = (drawn.save(tmp_path / "x.h5").path).read_bytes().split(b"\n")[:2]
    assert first == b"nbsuite recording 1"
    head = json.loads(second)
    assert (head["task"], head["step"], head["channels"]) == ("mine", 0.05, 7)
    assert head["outputs"][2] == ["Größe", "µm"]


def test_a_public_sessions_recording_has_its_own_format(tiny_recording_path, tmp_path):
    with pytest.raises(UsageError, match="has a format of its own: copy that file"):
        load_recording(tiny_recording_path, use_cache=False).save(tmp_path / "x.h5")


def _replaced(path: Path, name: str, value: object) -> None:
    with h5py.File(path, "r+") as file:
        del file[name]
        if value is not None:
            file[name] = value


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("offsets", None, "lacks the dataset offsets"),
        ("offsets", np.arange(3), "do not fit its steps"),
        ("offsets", np.zeros(581, dtype=np.int32), "something else than an array of type <i8"),
        ("sources", np.zeros(5, dtype=np.uint16), "do not fit its steps"),
        ("sources", np.float64(1), "something else than an array"),
        ("targets", np.full((580, 3), np.nan, dtype=np.float32), "targets that are not finite"),
        ("targets", np.zeros((580, 2), dtype=np.float32), "names 3 outputs of 2"),
        ("targets", np.zeros((0, 3), dtype=np.float32), "has no steps"),
        ("segments", np.array([[0, 100], [110, 580]]), "do not follow each other"),
        ("segments", np.zeros((0, 2), dtype=np.int64), "do not follow each other"),
        ("segments", np.array([[0, 580, 600]]), "no pairs"),
        ("segments", h5py.Empty("<i8"), "something else than an array"),
    ],
)
def test_arrays_that_do_not_fit(drawn, tmp_path, name, value, message):
    path = drawn.save(tmp_path / "x.h5").path
    _replaced(path, name, value)
    with pytest.raises(DataError, match=message) as caught:
        load_recording(path)
    assert str(caught.value).startswith(f"{path} ")
    assert str(caught.value).endswith("import it again with `nbsuite data import`.")


def test_more_spikes_of_a_channel_than_are_counted(drawn, tmp_path):
    path = drawn.save(tmp_path / "x.h5").path
    for count, most in ((1 << 15, None), ((1 << 15) - 1, (1 << 15) - 1)):
        _replaced(path, "sources", np.zeros(count, dtype=np.uint16))
        _replaced(path, "offsets", np.repeat(np.array([0, count]), [3, 578]))
        if most is None:
            with pytest.raises(DataError, match="more than 32,767 spikes of a channel in step 2"):
                load_recording(path)
        else:
            assert load_recording(path).spikes(2, 3).max() == most


def test_spikes_that_do_not_fit(drawn, tmp_path):
    path = drawn.save(tmp_path / "x.h5").path
    with h5py.File(path) as file:
        sources, offsets = file["sources"][()], file["offsets"][()]
    for changed, message in (
        (np.full_like(sources, 9), "do not fit its steps or channels"),
        (sources[::-1], "not in the order of their channels"),
    ):
        _replaced(path, "sources", changed)
        with pytest.raises(DataError, match=message):
            load_recording(path)
    _replaced(path, "sources", sources)
    _replaced(path, "offsets", np.append(offsets[:-2], [offsets[-1] + 5, offsets[-1]]))
    with pytest.raises(DataError, match="do not fit"):
        load_recording(path)


def test_what_lies_in_other_files_is_not_read(drawn, tmp_path):
    path = drawn.save(tmp_path / "x.h5").path
    with h5py.File(path, "r+") as file:
        del file["sources"]
        file["sources"] = h5py.ExternalLink("y.h5", "sources")
    with pytest.raises(DataError, match="link to somewhere else"):
        load_recording(path)
    with h5py.File(path, "r+") as file:
        del file["sources"]
        file.create_dataset("sources", (1 << 40,), dtype="<u2", chunks=(1 << 20,), fillvalue=1)
    with pytest.raises(DataError, match=r"more than are read|far more than a file"):
        load_recording(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda head: head | {"channels": 0}, "has no channels"),
        (lambda head: head | {"channels": 1 << 40}, "channels, more than the 65,536"),
        (lambda head: head | {"step": -1.0}, "impossible task"),
        (lambda head: head | {"task": "primate-reaching"}, "which is NeuroBench's"),
        (lambda head: head | {"task": "../x"}, "impossible task"),
        (lambda head: head | {"outputs": []}, "impossible task"),
        (lambda head: head | {"outputs": [["a", "\u202e"]] * 3}, "too many or too long words"),
        (lambda head: head | {"ends": [0, 1, 580]}, "splits that do not fit"),
        (lambda head: head | {"ends": [10, 20]}, "does not fit"),
        (lambda head: head | {"more": 1}, "unknown field"),
        (lambda _head: [], "no object of fields"),
    ],
)
def test_heads_that_do_not_fit(drawn, tmp_path, change, message):
    path = drawn.save(tmp_path / "x.h5").path
    content = path.read_bytes()
    mark, line, _ = content.split(b"\n", 2)
    block = mark + b"\n" + json.dumps(change(json.loads(line))).encode() + b"\n"
    path.write_bytes(block.ljust(2048, b"\0") + content[content.index(b"\x89HDF") :])
    with pytest.raises(DataError, match=message):
        load_recording(path)


def test_a_newer_version_and_a_damaged_head(drawn, tmp_path):
    path = drawn.save(tmp_path / "x.h5").path
    content = path.read_bytes()
    path.write_bytes(content.replace(b"recording 1\n", b"recording 2\n", 1))
    with pytest.raises(DataError, match="of another version of the format than 1"):
        load_recording(path)
    for damaged in (
        MARK + b"1\n{}",
        MARK + b"1\n\xff\n",
        content[:700],
        content[: len(content) // 2],
    ):
        path.write_bytes(damaged)
        with pytest.raises(DataError):
            load_recording(path)


@settings(max_examples=60)
@given(st.data())
def test_damaged_bytes_are_refused_or_harmless(tmp_path_factory, data):
    spikes, targets = own_arrays(steps=30)
    path = (
        Recording.from_arrays(spikes, targets, 0.05)
        .save(tmp_path_factory.mktemp("own") / "x.h5")
        .path
    )
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        recording = load_recording(path)
    except NbsuiteError:
        return
    assert np.isfinite(recording.labels).all()
    assert recording.spikes(0, recording.steps).min() >= 0


def test_no_names_of_any_length():
    with pytest.raises(DataError, match="name or unit of more than 500 characters"):
        Recording.from_arrays(*own_arrays(), 0.05, units="x" * 501)
