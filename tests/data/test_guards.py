"""Every fault of a file is one sentence that names the file, the fault and the remedy."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from nbsuite.data.sessions import Session
from nbsuite.data.twins.info import TWIN_ATTRIBUTE
from nbsuite.errors import DataError
from nbsuite.tasks.info import inspect
from nbsuite.tasks.known import find_session
from nbsuite.tasks.opening import load_recording


def assert_refused(path: Path, fault: str, remedy: str) -> None:
    """The loader raises, and ``inspect`` reports, the same sentence."""
    with pytest.raises(DataError) as raised:
        load_recording(path)
    message = str(raised.value)
    assert message.startswith(f"{path} ")
    assert fault in message
    assert remedy in message
    assert message.endswith(".")
    assert "\n" not in message
    assert message in inspect(path).problems


@pytest.fixture
def copied(tiny_recording_path, tmp_path) -> Path:
    return Path(shutil.copy(tiny_recording_path, tmp_path / "indy_x.mat"))


def test_missing(tmp_path):
    assert_refused(tmp_path / "indy_x.mat", "does not exist", "check the path")
    assert_refused(tmp_path / "loco_20170210_03.mat", "does not exist", "`nbsuite data fetch L1`")
    twin = tmp_path / "twins" / "indy_20160622_01-twin-seed1.mat"
    assert_refused(twin, "does not exist", "`nbsuite data twin`")


def test_below_a_file(copied):
    assert_refused(copied / "indy_x.mat", "does not exist", "check the path")


def test_folder(tmp_path):
    folder = tmp_path / "indy_x.mat"
    folder.mkdir()
    assert_refused(folder, "is a folder", "name the recording's file")


def test_empty(tmp_path):
    path = tmp_path / "indy_20160622_01.mat"
    path.touch()
    assert_refused(path, "is empty", "fetch it again with `nbsuite data fetch I1`")


def test_unreadable(copied, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)
    assert_refused(copied, "must not be read", "permissions")


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
def test_truncated(copied, kept):
    content = copied.read_bytes()
    copied.write_bytes(content[: int(kept * len(content))])
    assert_refused(copied, "is truncated", "copy it again")


def test_truncated_twin(copied):
    path = copied.parent / "twins" / "indy_20160622_01-twin-seed1.mat"
    path.parent.mkdir()
    path.write_bytes(copied.read_bytes()[:5000])
    assert_refused(path, "is truncated", "delete it, and its twin is generated again")


def test_damaged_inside(copied):
    with h5py.File(copied, "r") as file:
        start = file["t"].id.get_offset()
    content = bytearray(copied.read_bytes())
    content[96 : start // 2] = bytes(start // 2 - 96)  # groups and references
    copied.write_bytes(content)
    assert_refused(copied, "is damaged (", "copy it again")


def test_not_hdf5(tmp_path):
    path = tmp_path / "indy_x.mat"
    path.write_text("<html>404</html>")
    assert_refused(path, "is not an HDF5 file", "copy it again")


def test_older_matlab_format(tmp_path):
    path = tmp_path / "indy_x.mat"
    path.write_bytes(b"MATLAB 5.0 MAT-file, Platform: GLNXA64".ljust(4096, b" "))
    assert_refused(path, "is of an older MATLAB format", "-v7.3")


@pytest.mark.parametrize("name", ["spikes", "t", "cursor_pos", "target_pos"])
@pytest.mark.parametrize("replacement", ["nothing", "group", "flat", "text", "deep"])
def test_misshapen_dataset(copied, name, replacement):
    with h5py.File(copied, "r+") as file:
        del file[name]
        if replacement == "group":
            file.create_group(name)
        elif replacement == "flat":
            file[name] = np.zeros(5000)
        elif replacement == "text":
            file[name] = [[b"a"], [b"b"]] if name != "t" else [[b"a"]]
        elif replacement == "deep":
            file[name] = np.zeros((2, 2, 5000))
    fault = "lacks the dataset" if replacement == "nothing" else "holds something else than"
    assert_refused(copied, fault, "copy it again")
    assert_refused(copied, name, "copy it again")


@pytest.mark.parametrize("name", ["cursor_pos", "target_pos"])
def test_positions_of_three_axes(copied, name):
    with h5py.File(copied, "r+") as file:
        del file[name]
        file[name] = np.zeros((3, 5000))
    assert_refused(copied, "(2, samples) as " + name, "copy it again")


def test_spikes_without_references(copied):
    with h5py.File(copied, "r+") as file:
        del file["spikes"]
        file["spikes"] = np.zeros((2, 96))
    assert_refused(copied, "references to lists of spike times as spikes", "copy it again")


def test_reference_to_nothing(copied):
    with h5py.File(copied, "r+") as file:
        file["spikes"][0, 0] = h5py.Reference()
    assert_refused(copied, "is damaged", "copy it again")


@pytest.mark.parametrize("kind", ["group", "text", "nothing"])
def test_reference_to_something_else(copied, kind):
    with h5py.File(copied, "r+") as file:
        if kind == "group":
            cell = file.create_group("other")
        else:
            content = h5py.Empty("f8") if kind == "nothing" else b"spikes"
            cell = file.create_dataset("other", data=content)
        file["spikes"][0, 0] = cell.ref
    assert_refused(copied, "references to lists of spike times as spikes", "copy it again")


@pytest.mark.parametrize("name", ["t", "cursor_pos", "target_pos"])
def test_lengths_that_disagree(copied, name):
    with h5py.File(copied, "r+") as file:
        shorter = file[name][:, :-1]
        del file[name]
        file[name] = shorter
    assert_refused(copied, "equally many", "copy it again")


@pytest.mark.parametrize("samples", [0, 1])
def test_too_few_samples(copied, samples):
    with h5py.File(copied, "r+") as file:
        for name in ("t", "cursor_pos", "target_pos"):
            shorter = file[name][:, :samples]
            del file[name]
            file[name] = shorter
    assert_refused(copied, f"holds {samples} samples", "copy it again")


@pytest.mark.parametrize("name", ["short.mat", "Indy_x.mat", "Übung (2).mat", "copied"])
def test_any_name_will_do(copied, name):
    before = load_recording(copied)
    recording = load_recording(copied.rename(copied.with_name(name)))
    assert recording.session.name == recording.name == Path(name).stem
    assert (recording.labels == before.labels).all()


def test_as_many_channels_as_there_are(draw_recording, tmp_path):
    path = draw_recording(channels=32, units=1, steps=400).write(
        tmp_path / "monkey_20240101_01.mat"
    )
    assert load_recording(path).channels == 32
    assert inspect(path).problems == ()


def test_indy_under_a_loco_name(copied):
    path = copied.rename(copied.with_name("loco_20170210_03.mat"))
    assert_refused(path, "has 96 channels, where L1 has 192", "rename it")


def test_loco_under_an_indy_name(draw_recording, tmp_path):
    drawn = draw_recording(channels=192, units=1, steps=400)
    path = drawn.write(tmp_path / "indy_20160622_01.mat")
    assert_refused(path, "has 192 channels, where I1 has 96", "`nbsuite data fetch I1`")


def test_wrong_name_is_noticed_from_the_cache_too(copied):
    load_recording(copied)
    other = Path(shutil.copy(copied, copied.with_name("loco_20170210_03.mat")))
    assert_refused(other, "has 96 channels", "rename it")


def test_not_the_session_expected(copied):
    path = copied.rename(copied.with_name("indy_20160630_01.mat"))
    with pytest.raises(DataError, match="named after indy_20160630_01 but taken for indy_2016062"):
        load_recording(path, session=find_session("I1"))


def test_not_the_channels_expected(copied):
    with pytest.raises(DataError, match="has 96 channels, where indy_y has 192"):
        load_recording(copied, session=Session("indy_y", 192))


def test_known_name_and_other_content(copied):
    path = copied.rename(copied.with_name("indy_20160630_01.mat"))
    assert_refused(path, "its md5 differs", "`nbsuite data fetch I2`")


def test_twin_of_another_session(draw_recording, tmp_path):
    drawn = draw_recording(units=1, steps=400)
    label = '{"session": "indy_20160630_01", "fraction": 1.0, "seed": 1, "generator": 1}'
    drawn.attributes = {TWIN_ATTRIBUTE: label}
    path = drawn.write(tmp_path / "indy_x.mat")
    with pytest.raises(DataError, match="is a twin of indy_20160630_01, not of indy_20160622_01"):
        load_recording(path, session=find_session("I1"))


def test_a_twin_of_any_name(draw_recording, tmp_path):
    drawn = draw_recording(units=1, steps=400)
    label = '{"session": "indy_20160622_01", "fraction": 0.1, "seed": 1, "generator": 1}'
    drawn.attributes = {TWIN_ATTRIBUTE: label}
    recording = load_recording(drawn.write(tmp_path / "short.mat"))
    assert (recording.session.label, recording.name) == ("I1", "short-twin")


def test_damaged_twin_label(draw_recording, tmp_path):
    drawn = draw_recording(units=1, steps=400)
    drawn.attributes = {TWIN_ATTRIBUTE: '{"session": 3'}
    path = drawn.write(tmp_path / "indy_x.mat")
    assert_refused(path, "damaged label", "generate the twin again")


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize(("part", "name"), [("cursor", "cursor_pos"), ("target", "target_pos")])
def test_positions_that_are_no_numbers(draw_recording, tmp_path, part, name, value):
    drawn = draw_recording(units=1, steps=400)
    getattr(drawn, part)[0, 17:19] = value
    getattr(drawn, part)[1, 19] = value
    path = drawn.write(tmp_path / "indy_x.mat")
    fault = f"infinite positions in {name} (3 samples, the first is number 17)"
    assert_refused(path, fault, "interpolate")


Change = Callable[[np.ndarray], np.ndarray]


@pytest.mark.parametrize(
    ("change", "sound"),
    [
        (lambda t: t[0] + (t - t[0]) * 1.5, False),  # another sampling rate
        (lambda t: t[0] + (t - t[0]) * 1.003, False),  # adds up to more than a step
        (lambda t: np.where(t > t[200], t + 1.0, t), False),  # a gap
        (lambda t: t[::-1].copy(), False),
        (np.zeros_like, False),
        (lambda t: t * 1000, False),  # milliseconds
        (lambda t: t + np.tile([0.0, 0.0001], t.size // 2), True),  # jitter
        (lambda t: t + 1e6, True),
    ],
)
def test_time_stamps(draw_recording, tmp_path, change: Change, sound):
    drawn = draw_recording(units=1, steps=400)
    moved = change(drawn.time) - drawn.time
    drawn.time = drawn.time + moved
    if sound:
        drawn.spike_times[0][1] = drawn.time[20:30]
        load_recording(drawn.write(tmp_path / "indy_x.mat"))
    else:
        path = drawn.write(tmp_path / "indy_x.mat")
        assert_refused(path, "ms apart, not 4 ms", "resample it")


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("where", [slice(None), slice(200, 202), slice(0, 1), slice(-1, None)])
def test_time_stamps_that_are_no_numbers(draw_recording, tmp_path, value, where):
    drawn = draw_recording(units=1, steps=400)
    drawn.time[where] = value
    path = drawn.write(tmp_path / "indy_x.mat")
    assert_refused(path, "NaN or infinite time stamps in t", "4 ms apart")


def test_no_spikes(draw_recording, tmp_path):
    drawn = draw_recording(units=1, steps=400)
    drawn.spike_times = [[np.empty(0)] * 96]
    assert_refused(drawn.write(tmp_path / "indy_x.mat"), "holds no spikes", "copy it again")
    drawn.spike_times[0][1] = np.array([0.5, 99.0, 1000.0])  # at other times only
    assert_refused(drawn.write(tmp_path / "indy_y.mat"), "holds no spikes", "copy it again")


@pytest.mark.parametrize(
    ("reaches", "fault"),
    [
        (1, "has no training and no validation set, for its 1 reach is too few"),
        (2, "has no validation set, for its 2 reaches are too few"),
    ],
)
def test_too_few_reaches_for_a_split(draw_recording, tmp_path, reaches, fault):
    path = draw_recording(units=1, steps=400, reaches=reaches).write(tmp_path / "indy_x.mat")
    assert_refused(path, fault, "at least 4 reaches")


def test_failure_of_neurobench_itself(copied, monkeypatch):
    from neurobench.datasets.primate_reaching import PrimateReaching

    def fail(self: PrimateReaching) -> None:
        self.left_open = h5py.File(self.file_path, "r")
        raise ValueError("odd")

    monkeypatch.setattr(PrimateReaching, "load_data", fail)
    assert_refused(copied, "cannot be loaded by NeuroBench (ValueError: odd)", "report it")
    with pytest.raises(DataError) as raised:
        load_recording(copied)
    with h5py.File(copied, "r+"):  # not possible while a reader is left open
        assert raised.value.__cause__ is not None  # whose traceback would keep it open


def test_split_that_is_no_stretch(copied, monkeypatch):
    from neurobench.datasets.primate_reaching import PrimateReaching

    def split(self: PrimateReaching) -> None:
        self.ind_train, self.ind_val, self.ind_test = [0, 2], [1], [3]

    monkeypatch.setattr(PrimateReaching, "split_data", split)
    assert_refused(copied, "sets that are not stretches of time", "neurobench 2.3.0")
