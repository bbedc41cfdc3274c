"""The cache of loaded recordings: never out of date, never half-written, never in the way."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsuite.data import cache as cache_module
from nbsuite.data import mat_recording
from nbsuite.data.cache import entry_folder, load_or_build, read_entry, write_entry
from nbsuite.data.finding import Finding
from nbsuite.data.loader import LoadedArrays
from nbsuite.errors import DataError
from nbsuite.tasks.opening import load_recording
from nbsuite.twin_info import TwinInfo


def arrays(seed: int = 0, steps: int = 50) -> LoadedArrays:
    rng = np.random.default_rng(seed)
    return LoadedArrays(
        rng.integers(0, 256, (steps, 12), dtype=np.uint8),
        rng.normal(size=(steps, 2)).astype(np.float32),
        channels=96,
        ends=(steps // 2, steps * 3 // 4, steps),
        reaches=np.arange(0, steps, 7),
        findings=(Finding("is odd", grave=False),),
        twin=TwinInfo("indy_20160622_01", 0.1, 1, 1),
    )


def assert_equal(first: LoadedArrays | None, second: LoadedArrays) -> None:
    assert first is not None
    np.testing.assert_array_equal(first.packed, second.packed)
    np.testing.assert_array_equal(first.labels, second.labels)
    np.testing.assert_array_equal(first.reaches, second.reaches)
    rest = ("channels", "ends", "findings", "twin")
    assert [getattr(first, name) for name in rest] == [getattr(second, name) for name in rest]


class Builder:
    """Counts how often it is called."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> LoadedArrays:
        self.calls += 1
        return arrays()


def test_built_once_and_mapped_afterwards(tmp_path):
    build = Builder()
    for _ in range(3):
        loaded, unkept = load_or_build(tmp_path / "recordings" / "key", build)
        assert unkept is None
        assert isinstance(loaded.packed, np.memmap)
        assert isinstance(loaded.labels, np.memmap)
        assert not loaded.packed.flags.writeable
        assert_equal(loaded, arrays())
    assert build.calls == 1


Damage = Callable[[Path], object]
DAMAGES: dict[str, Damage] = {
    "nothing left": shutil.rmtree,
    "empty folder": lambda entry: [file.unlink() for file in entry.iterdir()],
    "no spikes": lambda entry: (entry / "spikes.npy").unlink(),
    "no labels": lambda entry: (entry / "labels.npy").unlink(),
    "no meta": lambda entry: (entry / "meta.json").unlink(),
    "empty spikes": lambda entry: (entry / "spikes.npy").write_bytes(b""),
    "truncated labels": lambda entry: os.truncate(entry / "labels.npy", 300),
    "truncated meta": lambda entry: os.truncate(entry / "meta.json", 30),
    "meta of another kind": lambda entry: (entry / "meta.json").write_text("[1]"),
    "meta without content": lambda entry: (entry / "meta.json").write_text("{}"),
    "binary meta": lambda entry: (entry / "meta.json").write_bytes(b"\xff\xfe\x00"),
    "objects": lambda entry: np.save(entry / "spikes.npy", np.array([{}]), allow_pickle=True),
    "other labels": lambda entry: np.save(entry / "labels.npy", arrays(1).labels),
    "labels of double precision": lambda entry: np.save(
        entry / "labels.npy", arrays().labels.astype(np.float64)
    ),
    "spikes in another shape": lambda entry: np.save(
        entry / "spikes.npy", arrays().packed.reshape(100, 6)
    ),
}


@contextmanager
def changed_meta(entry: Path) -> Iterator[dict[str, Any]]:
    """Change the description of an entry, with the checksum that then is due."""
    path = entry / "meta.json"
    meta = json.loads(path.read_text())
    yield meta["content"]
    meta["checksum"] = zlib.crc32(json.dumps(meta["content"], sort_keys=True).encode())
    path.write_text(json.dumps(meta))


def restate(**fields: object) -> Damage:
    def damage(entry: Path) -> None:
        with changed_meta(entry) as content:
            content.update(fields)

    return damage


def replace_file(name: str, make: Callable[[Path], object]) -> Damage:
    def damage(entry: Path) -> None:
        (entry / name).unlink()
        make(entry / name)

    return damage


def replace_entry(make: Callable[[Path], object]) -> Damage:
    def damage(entry: Path) -> None:
        shutil.rmtree(entry)
        make(entry)

    return damage


def claim(**header: object) -> Damage:
    """Let the header of the spikes claim something, with the checksum of that file."""

    def damage(entry: Path) -> None:
        content = (entry / "spikes.npy").read_bytes()
        claimed = {"descr": "|u1", "fortran_order": False, "shape": (50, 12), **header}
        stream = io.BytesIO()
        np.lib.format.write_array_header_1_0(stream, claimed)
        (entry / "spikes.npy").write_bytes(stream.getvalue() + content[128:])
        with changed_meta(entry) as meta:
            meta["checksums"][0] = zlib.crc32((entry / "spikes.npy").read_bytes())

    return damage


def loop(place: Path) -> None:
    place.symlink_to(place)


LABEL = {"session": "indy_20160622_01", "fraction": 0.1, "seed": 1, "generator": 1}
DAMAGES |= {
    "ends that fall": restate(ends=[25, 20, 50]),
    "ends beyond": restate(ends=[25, 37, 51]),
    "an end too few": restate(ends=[25, 50]),
    "an empty set": restate(ends=[25, 25, 50]),
    "negative ends": restate(ends=[-25, 25, 50]),
    "steps that are not there": restate(steps=10**15, ends=[1, 2, 10**15]),
    "more channels than bytes": restate(channels=97),
    "fewer channels than bytes": restate(channels=80),
    "no channels": restate(channels=0),
    "channels as text": restate(channels="96"),
    "another key": restate(key="other"),
    "findings that are none": restate(findings=["\x1b[2J"]),
    "long findings": restate(findings=["x" * 10_000]),
    "many findings": restate(findings=["x"] * 10_000),
    "findings of numbers": restate(findings=[1]),
    "twin that is none": restate(twin={**LABEL, "session": "../x"}),
    "twin of length 2": restate(twin={**LABEL, "fraction": 2}),
    "twin with text for a seed": restate(twin={**LABEL, "seed": "1"}),
    "deep meta": lambda entry: (entry / "meta.json").write_text("[" * 100_000),
    "large meta": lambda entry: (entry / "meta.json").write_text(" " * (1 << 20)),
    "claims Fortran's order": claim(fortran_order=True),
    "claims structures": claim(descr=[("a", "|u1")]),
    "claims objects": claim(descr="|O"),
    "claims a larger shape": claim(shape=(10**15, 12)),
    "claims signed numbers": claim(descr="|i1"),
    "pipe for meta": replace_file("meta.json", os.mkfifo),
    "pipe for spikes": replace_file("spikes.npy", os.mkfifo),
    "folder for labels": replace_file("labels.npy", Path.mkdir),
    "loop for spikes": replace_file("spikes.npy", loop),
    "loop for the entry": replace_entry(loop),
    "file for the entry": replace_entry(Path.touch),
    "pipe for the entry": replace_entry(os.mkfifo),
    "link to nowhere": replace_entry(lambda entry: entry.symlink_to("nowhere")),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damaged_entry_is_built_again(tmp_path, damage):
    entry, build = tmp_path / "recordings" / "key", Builder()
    load_or_build(entry, build)
    damage(entry)
    assert read_entry(entry) is None
    loaded, unkept = load_or_build(entry, build)
    assert unkept is None
    assert_equal(loaded, arrays())
    assert_equal(read_entry(entry), arrays())
    assert build.calls == 2


def test_an_entry_in_the_place_of_another_is_not_taken_for_it(tmp_path):
    first, second = (tmp_path / "recordings" / name for name in ("first", "second"))
    load_or_build(first, lambda: arrays(1))
    load_or_build(second, lambda: arrays(2))
    shutil.rmtree(second)
    shutil.copytree(first, second)
    loaded, unkept = load_or_build(second, lambda: arrays(2))
    assert unkept is None
    assert_equal(loaded, arrays(2))
    assert_equal(read_entry(first), arrays(1))


def test_swapped_entries_of_recordings_are_noticed(draw_recording, tmp_path, cache_folder):
    paths = [draw_recording(seed=s).write(tmp_path / f"indy_{s}.mat") for s in (1, 2)]
    wanted = [load_recording(path, use_cache=False) for path in paths]
    for path in paths:
        load_recording(path)
    first, second = (entry.parent for entry in (cache_folder / "recordings").glob("*/meta.json"))
    first.rename(tmp_path / "aside")
    second.rename(first)
    (tmp_path / "aside").rename(second)
    for path, right in zip(paths, wanted, strict=True):
        np.testing.assert_array_equal(load_recording(path).labels, right.labels)


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(["spikes.npy", "labels.npy", "meta.json"]), data=st.data())
def test_any_changed_byte_is_noticed_or_harmless(tmp_path_factory, name, data):
    entry = tmp_path_factory.mktemp("cache") / "key"
    write_entry(entry, arrays())
    content = bytearray((entry / name).read_bytes())
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] ^= data.draw(st.integers(1, 255))
    (entry / name).write_bytes(content)
    if (kept := read_entry(entry)) is not None:  # white space in a header, for instance
        assert_equal(kept, arrays())


def test_left_overs_of_a_killed_process_are_removed(tmp_path):
    left_over = tmp_path / "recordings" / ".key.abc"
    left_over.mkdir(parents=True)
    (left_over / "spikes.npy").write_bytes(b"half")
    load_or_build(tmp_path / "recordings" / "key", Builder())
    assert {path.name for path in left_over.parent.iterdir()} <= {"key", "key.lock"}


def test_interrupted_build_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "save", interrupt)
    entry = tmp_path / "recordings" / "key"
    with pytest.raises(KeyboardInterrupt):
        load_or_build(entry, Builder())
    assert {path.name for path in entry.parent.iterdir()} <= {"key.lock"}


def test_error_of_the_build_passes_through(tmp_path):
    def build() -> LoadedArrays:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        load_or_build(tmp_path / "recordings" / "key", build)


def test_key_depends_on_everything(tmp_path, monkeypatch):
    keys = {entry_folder(tmp_path, "a"), entry_folder(tmp_path, "b")}
    with monkeypatch.context() as patch:
        patch.setattr(cache_module, "version", lambda _name: "9.9")
        keys.add(entry_folder(tmp_path, "a"))
    with monkeypatch.context() as patch:
        patch.setattr(cache_module, "FORMAT_VERSION", 99)
        keys.add(entry_folder(tmp_path, "a"))
    with monkeypatch.context() as patch:
        patch.setitem(cache_module.CHALLENGE_ARGUMENTS, "train_ratio", 0.8)
        keys.add(entry_folder(tmp_path, "a"))
    assert len(keys) == 5
    assert entry_folder(tmp_path, "a") in keys


def entries(cache: Path) -> int:
    return len(list((cache / "recordings").glob("*/meta.json")))


def test_changed_file_is_loaded_anew(draw_recording, tmp_path, cache_folder):
    path = tmp_path / "indy_x.mat"
    before = load_recording(draw_recording(seed=1).write(path))
    after = load_recording(draw_recording(seed=2).write(path))
    assert before.digest != after.digest
    assert not np.array_equal(before.stored.packed, after.stored.packed)
    assert entries(cache_folder) == 2


def test_file_changed_while_loading_is_not_kept(
    draw_recording, tmp_path, cache_folder, monkeypatch
):
    path = draw_recording(seed=1).write(tmp_path / "indy_x.mat")
    load = mat_recording.load_through_neurobench

    def replace_and_load(*arguments):
        draw_recording(seed=2).write(path)
        return load(*arguments)

    monkeypatch.setattr(mat_recording, "load_through_neurobench", replace_and_load)
    with pytest.raises(DataError, match="changed while it was loaded: load it again"):
        load_recording(path)
    assert entries(cache_folder) == 0


def test_other_neurobench_loads_anew(tiny_recording_path, cache_folder, monkeypatch):
    load_recording(tiny_recording_path)
    load_recording(tiny_recording_path)
    assert entries(cache_folder) == 1
    monkeypatch.setattr(cache_module, "version", lambda _name: "9.9")
    load_recording(tiny_recording_path)
    assert entries(cache_folder) == 2


def test_cache_may_be_named_or_left_out(tiny_recording_path, tmp_path, cache_folder):
    load_recording(tiny_recording_path, use_cache=False)
    load_recording(tiny_recording_path, cache=tmp_path / "other")
    assert not (cache_folder / "recordings").exists()
    assert entries(tmp_path / "other") == 1


def test_unwritable_cache_is_a_warning(tiny_recording_path, tmp_path, monkeypatch):
    wanted = load_recording(tiny_recording_path, use_cache=False)
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    recording = load_recording(tiny_recording_path, cache=blocked)
    assert recording.warnings[:-1] == wanted.warnings
    assert "cache cannot be written" in recording.warnings[-1]
    assert "set NBSUITE_CACHE" in recording.warnings[-1]
    np.testing.assert_array_equal(recording.stored.packed, wanted.stored.packed)
    np.testing.assert_array_equal(recording.labels, wanted.labels)


def test_full_disk_is_a_warning_and_loads_once(tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    entry, build = tmp_path / "recordings" / "key", Builder()
    loaded, unkept = load_or_build(entry, build)
    assert_equal(loaded, arrays())
    assert "No space left" in str(unkept)
    assert build.calls == 1
    assert not entry.exists()
    assert not list(entry.parent.glob(".key*"))


SLOW_BUILD = """
import sys, time
from pathlib import Path
import numpy as np
from nbsuite.data.cache import load_or_build
from nbsuite.data.loader import LoadedArrays

folder, log = Path(sys.argv[1]), Path(sys.argv[2])

def build():
    with log.open("a") as stream:
        stream.write("built\\n")
    time.sleep(0.5)
    spikes, labels = np.ones((9, 12), np.uint8), np.ones((9, 2), np.float32)
    return LoadedArrays(spikes, labels, 96, (3, 6, 9), np.arange(3))

loaded, unkept = load_or_build(folder, build)
assert unkept is None and isinstance(loaded.packed, np.memmap) and loaded.packed.sum() == 108
"""


def test_processes_at_once_build_once(tmp_path):
    entry, log = tmp_path / "recordings" / "key", tmp_path / "log"
    command = [sys.executable, "-c", SLOW_BUILD, str(entry), str(log)]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    for process in running:
        assert (process.communicate()[1], process.returncode) == ("", 0)
    assert log.read_text() == "built\n"


@pytest.mark.slow
def test_processes_at_once_load_the_same(tiny_recording_path, tmp_path):
    program = (
        "import sys, zlib; from pathlib import Path;"
        "from nbsuite.tasks.opening import load_recording;"
        "recording = load_recording(Path(sys.argv[1]), cache=Path(sys.argv[2]));"
        "spikes = recording.stored.packed;"
        "print(zlib.crc32(spikes), zlib.crc32(recording.labels), recording.warnings)"
    )
    command = [sys.executable, "-c", program, str(tiny_recording_path), str(tmp_path / "cache")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    outputs = {process.communicate()[0] for process in running}
    assert len(outputs) == 1
    assert all(process.returncode == 0 for process in running)
    assert entries(tmp_path / "cache") == 1


def test_meta_is_plain_json(tmp_path):
    write_entry(tmp_path / "key", arrays())
    meta = json.loads((tmp_path / "key" / "meta.json").read_text())
    assert meta["content"]["channels"] == 96
    assert meta["content"]["twin"]["session"] == "indy_20160622_01"
