"""Files that claim, or point to, what they do not hold: refused before any of it is read."""

from __future__ import annotations

import io
import os
import socket
import zlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from h5py import h5d, h5s, h5t

from nbsuite.data.contents import MOST_SAMPLES, read_contents
from nbsuite.data.matfile import encode_recording
from nbsuite.errors import DataError, NbsuiteError
from nbsuite.tasks.info import inspect
from nbsuite.tasks.opening import load_recording
from nbsuite.untrusted.hdf5 import Hdf5Reader


@pytest.fixture
def small(draw_recording, tmp_path) -> Path:
    return draw_recording(units=1, steps=400).write(tmp_path / "indy_x.mat")


def refusal(path: Path) -> str:
    """The sentence with which a recording is refused, within 500 characters and one line."""
    with pytest.raises(NbsuiteError) as raised:
        load_recording(path)
    message = str(raised.value)
    assert message in inspect(path).problems
    assert message.startswith(f"{path} ")
    assert message.isprintable()
    assert message.endswith(".")
    assert raised.value.exit_code == 1
    return message


def replace_dataset(path: Path, name: str, **options: Any) -> None:
    with h5py.File(path, "r+") as file:
        del file[name]
        file.create_dataset(name, **options)


@pytest.mark.parametrize("shape", [(1_000_000, 96), (96, 1_000_000), (1, 10**9)])
def test_units_that_nobody_records_at_once(small, shape):
    replace_dataset(small, "spikes", shape=shape, dtype=h5py.ref_dtype, chunks=(1, 96))
    message = refusal(small)
    assert f"announces {shape[0]:,} units on each of {shape[1]:,} channels" in message


def test_references_never_written(small):
    replace_dataset(small, "spikes", shape=(3, 96), dtype=h5py.ref_dtype)
    assert "references that lead nowhere" in refusal(small)


def test_a_cell_is_read_once_however_often_it_is_meant(small, monkeypatch):
    with h5py.File(small, "r+") as file:
        cell = file[file["spikes"][0, 5]]
        expected = np.asarray(cell[0])
        shared = file.create_dataset("shared", (20, 96), dtype=h5py.ref_dtype)
        shared[...] = cell.ref
        del file["spikes"]
        file.move("shared", "spikes")
    reads = []
    numbers = Hdf5Reader.numbers

    def count(self: Hdf5Reader, dataset: Any, name: str) -> Any:
        reads.append(name)
        return numbers(self, dataset, name)

    monkeypatch.setattr(Hdf5Reader, "numbers", count)
    contents = read_contents(small)
    assert (contents.units, contents.channels) == (20, 96)
    assert reads.count("a cell of spikes") == 1
    np.testing.assert_array_equal(np.unique(contents.spike_times[95]), np.unique(expected))


def test_one_large_cell_meant_too_often(small):
    with h5py.File(small, "r+") as file:
        cell = file.create_dataset("large", data=np.full((1, 100_000), 101.0), compression="gzip")
        file["spikes"][...] = np.full((1, 96), cell.ref, dtype=object)
    assert "announces in spikes far more than a file of its size can hold" in refusal(small)


@pytest.mark.parametrize(
    ("name", "shape"),
    [("t", (1, 10**10)), ("cursor_pos", (2, 10**12)), ("target_pos", (2, 10**12))],
)
@pytest.mark.parametrize("compression", [None, "gzip"])
def test_samples_never_written(small, name, shape, compression):
    chunks = None if compression is None else (1, 1 << 20)
    replace_dataset(small, name, shape=shape, dtype="f8", chunks=chunks, compression=compression)
    assert f"announces {shape[1]:,} samples in {name}, more than {MOST_SAMPLES:,}" in refusal(small)


def test_more_samples_than_the_file_has_room_for(small):
    for name, rows in (("t", 1), ("cursor_pos", 2), ("target_pos", 2)):
        replace_dataset(small, name, shape=(rows, MOST_SAMPLES), dtype="f8")
    assert "far more than a file of its size can hold" in refusal(small)


@pytest.mark.parametrize("shape", [(1, 10**10), (10**6, 10**6)])
def test_cell_never_written(small, shape):
    with h5py.File(small, "r+") as file:
        cell = file.create_dataset("bomb", shape, dtype="f8", chunks=(1, 4096))
        file["spikes"][0, 0] = cell.ref
    assert "a cell of spikes far more than" in refusal(small)


@pytest.mark.parametrize(
    ("chunks", "size"), [((1, 1), 1 << 17), ((1, 1 << 24), 1 << 17)], ids=["many", "large"]
)
def test_chunks_that_are_too_many_or_too_large(small, chunks, size):
    with h5py.File(small, "r+") as file:
        cell = file.create_dataset("x", (1, size), maxshape=(1, None), dtype="f8", chunks=chunks)
        file["spikes"][0, 0] = cell.ref
    assert "chunks of" in refusal(small)


def test_chunk_that_inflates_beyond_its_size(small):
    stored = zlib.compress(bytes(300 << 20), 1)  # 1.3 MB that become 300
    with h5py.File(small, "r+") as file:
        cell = file.create_dataset(
            "bomb", (1, 1000), dtype="f8", chunks=(1, 1000), compression="gzip"
        )
        cell.id.write_direct_chunk((0, 0), stored)
        file["spikes"][0, 0] = cell.ref
    assert "stands for more than a chunk's bytes" in refusal(small)


def test_large_chunk_that_is_sound(small):
    times = np.sort(np.random.default_rng(0).uniform(0, 1, (1, 200_000)))
    with h5py.File(small, "r+") as file:
        cell = file.create_dataset(
            "large", data=times, chunks=times.shape, compression="gzip", fletcher32=True
        )
        assert cell.id.get_storage_size() > 1 << 20
        file["spikes"][0, 0] = cell.ref
    np.testing.assert_array_equal(read_contents(small).spike_times[0], times[0])


@pytest.mark.parametrize("name", ["t", "cursor_pos"])
def test_usual_compression_is_read(draw_recording, tmp_path, name):
    drawn = draw_recording(units=1, steps=400)
    plain = drawn.write(tmp_path / "indy_x.mat")
    packed = drawn.write(tmp_path / "indy_y.mat")
    with h5py.File(packed, "r+") as file:
        numbers = file[name][()]
        del file[name]
        file.create_dataset(
            name, data=numbers, chunks=(1, 64), compression="gzip", shuffle=True, fletcher32=True
        )
    np.testing.assert_array_equal(
        load_recording(plain).stored.packed, load_recording(packed).stored.packed
    )


def test_unusual_compression(small):
    numbers = np.zeros((2, 400), dtype="i8")
    replace_dataset(small, "cursor_pos", data=numbers, scaleoffset=0, chunks=(2, 400))
    assert "stores cursor_pos in another compression than gzip's" in refusal(small)


@pytest.mark.parametrize("name", ["t", "cursor_pos", "target_pos", "a cell of spikes"])
@pytest.mark.parametrize("kind", ["external", "virtual"])
def test_numbers_of_other_files(small, tmp_path, name, kind):
    other = tmp_path / "other"
    other.write_bytes(bytes(6400))
    shape = (1 if name == "t" else 2, 400)
    with h5py.File(small, "r+") as file:
        if name in file:
            del file[name]
        if kind == "external":
            made = file.create_dataset(name, shape, "f8", external=[(str(other), 0, 6400)])
        else:
            layout = h5py.VirtualLayout(shape, "f8")
            layout[...] = h5py.VirtualSource(str(other), "x", shape)
            made = file.create_virtual_dataset(name, layout)
        if name == "a cell of spikes":
            file["spikes"][0, 0] = made.ref
    assert f"does not hold {name} itself, but names other files" in refusal(small)


@pytest.mark.parametrize("name", ["t", "spikes"])
@pytest.mark.parametrize("link", [h5py.SoftLink("/#refs#"), h5py.ExternalLink("other.mat", "/t")])
def test_links(small, name, link):
    with h5py.File(small, "r+") as file:
        del file[name]
        file[name] = link
    assert f"has a link to somewhere else as {name}" in refusal(small)


ODD_TYPES = {
    "24 bits": h5t.STD_I32LE,
    "complex": np.dtype("c16"),
    "compound": np.dtype([("a", "f8"), ("b", "i4")]),
    "opaque": np.dtype("V8"),
    "array": np.dtype(("f8", (3,))),
    "lists": h5py.vlen_dtype(np.dtype("f8")),
    "texts": h5py.string_dtype(),
    "bool": np.dtype(bool),
    "enum": h5py.enum_dtype({"a": 1, "b": 2}),
    "long double": np.dtype(np.longdouble),
    "references": h5py.ref_dtype,
    "regions": h5py.regionref_dtype,
}


def _odd_type(kind: str) -> Any:
    if kind != "24 bits":
        return h5t.py_create(ODD_TYPES[kind], logical=True)
    narrow = h5t.STD_I32LE.copy()
    narrow.set_precision(24)
    narrow.set_size(3)
    return narrow


@pytest.mark.parametrize("kind", ODD_TYPES)
@pytest.mark.parametrize("name", ["t", "cursor_pos", "target_pos", "spikes", "a cell"])
def test_odd_types(small, kind, name):
    if (kind, name) == ("references", "spikes"):
        pytest.skip("these are references")
    shape = {"t": (1, 400), "spikes": (1, 96)}.get(name, (2, 400))
    with h5py.File(small, "r+") as file:
        if name in file:
            del file[name]
        space = h5s.create_simple(shape)
        made = h5d.create(file.id, name.encode(), _odd_type(kind), space)
        if name == "a cell":
            file["spikes"][0, 0] = h5py.Dataset(made).ref
    message = refusal(small)
    assert "holds something else than" in message
    assert ("spikes" if name == "a cell" else name) in message


@pytest.mark.parametrize("name", ["t", "cursor_pos", "target_pos", "spikes"])
@pytest.mark.parametrize("data", [3.0, h5py.Empty("f8")], ids=["scalar", "null"])
def test_datasets_without_shape(small, name, data):
    replace_dataset(small, name, data=data)
    assert "holds something else than" in refusal(small)


def test_named_type_in_the_place_of_a_dataset(small):
    with h5py.File(small, "r+") as file:
        del file["t"]
        file["t"] = np.dtype("f8")
    assert "holds something else than an array of numbers of shape (1, samples) as t" in refusal(
        small
    )


@pytest.mark.parametrize("kind", [">f8", ">f4", "<f4", ">i4", "u2"])
def test_other_numbers_are_numbers(small, kind):
    with h5py.File(small, "r+") as file:
        positions = np.round(file["cursor_pos"][()]).clip(0)
        del file["cursor_pos"]
        file.create_dataset("cursor_pos", data=positions, dtype=kind)
    labels = load_recording(small).labels
    np.testing.assert_array_equal(labels, np.gradient(positions, axis=1).T.astype(np.float32))


@pytest.mark.parametrize(
    ("value", "empty"),
    [(True, True), (np.uint8(0), False), (1.0, True), (np.array([1]), True)],
)
def test_mark_of_an_empty_cell(small, value, empty):
    with h5py.File(small, "r+") as file:
        cell = file[file["spikes"][0, 5]]
        times = cell[0]
        cell.attrs["MATLAB_empty"] = value
    read = read_contents(small).spike_times[5]
    np.testing.assert_array_equal(read, [] if empty else times)


@pytest.mark.parametrize(
    "value",
    ["yes", np.array([1, 0]), np.zeros(0), h5py.Empty("i4"), np.complex128(1), np.bytes_(b"1")],
    ids=["text", "two", "none", "null", "complex", "bytes"],
)
def test_odd_mark_of_an_empty_cell(small, value):
    with h5py.File(small, "r+") as file:
        file[file["spikes"][0, 5]].attrs["MATLAB_empty"] = value
    assert "has a mark MATLAB_empty that is no number" in refusal(small)


def test_user_block_and_second_names_are_harmless(small):
    with h5py.File(small, "r+") as file:
        file["alias"] = file["t"]
        file["#refs#/loop"] = file["/"]
    plain = load_recording(small)
    shifted = small.with_name("indy_y.mat")
    with h5py.File(small) as source, h5py.File(shifted, "w", userblock_size=512) as target:
        for name in list(source):
            if name != "spikes":
                source.copy(name, target)
        spikes = target.create_dataset("spikes", (1, 96), dtype=h5py.ref_dtype)
        for channel in range(96):
            spikes[0, channel] = target[f"#refs#/u0c{channel}"].ref
    np.testing.assert_array_equal(load_recording(shifted).stored.packed, plain.stored.packed)


def test_target_that_moves_all_the_time_is_loaded_at_once(draw_recording, tmp_path):
    steps = 40_000  # of which NeuroBench alone takes half a minute
    drawn = draw_recording(units=1, steps=steps)
    drawn.target = drawn.cursor + np.arange(steps) * 1e-3
    recording = load_recording(drawn.write(tmp_path / "indy_x.mat"))
    assert abs(len(recording.train) - steps // 2) <= 1  # as many reaches as samples


@pytest.mark.parametrize("kind", ["pipe", "device", "socket"])
def test_what_is_no_regular_file(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    path = Path("indy_x.mat")
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(str(path))
    assert "is no regular file: copy it again" in refusal(path)


def test_loop_of_links(tmp_path):
    path = tmp_path / "indy_x.mat"
    path.symlink_to(path)
    assert "cannot be reached" in refusal(path)


@pytest.mark.parametrize("name", ["indy_" + 300 * "x" + ".mat", "indy_\0.mat"])
def test_impossible_paths(tmp_path, name):
    with pytest.raises(DataError, match="cannot be reached"):
        load_recording(tmp_path / name)


def test_name_that_is_not_utf8(small):
    path = small.rename(Path(os.fsdecode(os.fsencode(small.parent) + b"/indy_\xff.mat")))
    assert load_recording(path).channels == 96
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(DataError, match=r"indy_\?\.mat is truncated"):
        load_recording(path)


def test_texts_of_a_stranger_are_printable(small):
    with h5py.File(small, "r+") as file:
        file["#refs#"].move("u0c0", "\x1b[31m" + 3000 * "x")
        del file["#refs#/u0c1"]
    content = small.read_bytes()
    with h5py.File(small) as file:
        start = file["cursor_pos"].id.get_offset()
    small.write_bytes(content[: start - 200].replace(b"TREE", b"\x1b[1m") + content[start - 200 :])
    assert len(refusal(small)) <= 500


def test_image_for_neurobench_has_no_marks():
    empty = np.empty(0)
    positions = np.zeros((2, 3))
    image = encode_recording(
        spike_times=[[empty]],
        cursor=positions,
        target=positions,
        time=np.zeros(3),
        mark_empty=False,
    )
    with h5py.File(io.BytesIO(image)) as file:
        assert file[file["spikes"][0, 0]].shape == (1, 0)


@pytest.mark.parametrize("name", ["t", "cursor_pos", "target_pos"])
def test_numbers_that_warn_of_themselves(small, name):
    """A signalling NaN makes every operation on it an invalid one."""
    with h5py.File(small, "r+") as file:
        values = file[name][()]
        values.view(np.uint64)[0, 5] = 0x7FF0000000000001
        file[name][()] = values
    assert "NaN or infinite" in refusal(small)
