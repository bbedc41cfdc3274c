"""Recordings out of files of other programs, each format with files of its own writer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from scipy.io import savemat
from scipy.sparse import csc_matrix

from nbsuite.data.imports.importer import Imported, import_file
from nbsuite.data.imports.request import Request
from nbsuite.data.imports.resampling import averaged
from nbsuite.data.own.arrays import Choices
from nbsuite.errors import DataError
from nbsuite.files import digest
from tests.data.own_arrays import own_arrays

STEP = 0.05
SPIKES, TARGETS = own_arrays(steps=300, channels=5, outputs=2)
TIME = 7.0 + STEP * np.arange(300)


def spike_times() -> list[np.ndarray]:
    """The counts as spike times, in the middle of their steps."""
    return [np.repeat(TIME + STEP / 2, counts) for counts in SPIKES.T]


def imported(path: Path, **asked: Any) -> Imported:
    choices = Choices(name="mine", **asked.pop("choices", {}))
    return import_file(path, Request(choices, **asked))


def assert_imported(found: Imported) -> None:
    content = found.content
    np.testing.assert_array_equal(content.events.rows(0, 300), SPIKES)
    np.testing.assert_allclose(content.targets, TARGETS, rtol=1e-6)
    assert content.task.step == pytest.approx(STEP)


def npz(path: Path, arrays: dict[str, Any]) -> None:
    np.savez_compressed(path, **arrays)


def mat(path: Path, arrays: dict[str, Any]) -> None:
    savemat(path, arrays, do_compression=True)


def hdf5(path: Path, arrays: dict[str, Any]) -> None:
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            compression = "gzip" if np.ndim(array) == 2 else None
            file.create_dataset(name, data=array, compression=compression)


def matlab73(path: Path, arrays: dict[str, Any]) -> None:
    """As MATLAB writes them: columns first, and the class beside them."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, array in arrays.items():
            dataset = file.create_dataset(name, data=np.atleast_2d(array).T)
            dataset.attrs["MATLAB_class"] = np.bytes_("double")


WRITERS = {"x.npz": npz, "x.mat": mat, "x.h5": hdf5, "y.mat": matlab73}


@pytest.mark.parametrize("name", WRITERS)
def test_counts(tmp_path, name):
    path = tmp_path / name
    WRITERS[name](path, {"spikes": SPIKES, "targets": TARGETS})
    found = imported(path, step=STEP)
    assert_imported(found)
    assert found.notes == ()
    assert found.content.origin.file == name
    assert found.content.origin.sha256 == digest(path)


@pytest.mark.parametrize("name", WRITERS)
def test_turned_arrays_and_time_stamps(tmp_path, name):
    path = tmp_path / name
    time = TIME.copy()
    time[100:] += 3
    hand = np.vstack([TARGETS.T, np.zeros(300)])
    WRITERS[name](path, {"n": SPIKES.T, "hand": hand, "t": time})
    found = imported(path, spikes="n", targets="hand", time="t", columns=(0, 1))
    assert_imported(found)
    assert found.notes == (
        "columns of the spikes are its steps",
        "columns of the targets are its steps",
    )
    assert found.content.segments == ((0, 100), (100, 300))


def cells(path: Path, times: list[np.ndarray], targets: np.ndarray) -> None:
    array = np.empty((len(times), 1), dtype=object)
    array[:, 0] = times
    savemat(path, {"spikes": array, "targets": targets})


def cells73(path: Path, times: list[np.ndarray], targets: np.ndarray) -> None:
    with h5py.File(path, "w") as file:
        references = file.create_dataset("spikes", (1, len(times)), dtype=h5py.ref_dtype)
        for place, each in enumerate(times):
            kept = each[:, np.newaxis] if each.size else np.zeros(2, dtype=np.uint64)
            cell = file.create_dataset(f"#refs#/{place}", data=kept)
            if not each.size:  # MATLAB keeps the shape in the place of what is empty
                cell.attrs["MATLAB_empty"] = np.uint8(1)
            references[0, place] = cell.ref
        file["targets"] = targets


def groups(path: Path, times: list[np.ndarray], targets: np.ndarray) -> None:
    with h5py.File(path, "w") as file:
        for place, each in enumerate(times):
            file[f"spikes/unit{place + 8}"] = each
        file["targets"] = targets


@pytest.mark.parametrize("write", [cells, cells73, groups])
def test_spike_times(tmp_path, write):
    path = tmp_path / "x.mat"
    write(path, spike_times(), TARGETS)
    assert_imported(imported(path, step=STEP, start=7.0))


@pytest.mark.parametrize("write", [cells, cells73, groups])
def test_a_unit_without_spikes(tmp_path, write):
    times = spike_times()
    times[3] = np.empty(0)
    write(tmp_path / "x.mat", times, TARGETS)
    content = imported(tmp_path / "x.mat", step=STEP, start=7.0).content
    np.testing.assert_array_equal(content.events.rows(0, 300), SPIKES * [1, 1, 1, 0, 1])
    assert content.origin.made == "spike times"


def test_segments_of_every_form(tmp_path):
    wanted = ((0, 100), (100, 280))
    steps = np.array([[0, 100], [120, 300]])
    numbers = np.repeat([1.0, np.nan, 2], [100, 20, 180])
    arrays = {
        "spikes": SPIKES,
        "targets": TARGETS,
        "rows": steps,
        "columns": np.array([[0, 100, 200], [100, 200, 280]]),
        "numbers": numbers,
    }
    npz(tmp_path / "x.npz", arrays)
    for key in ("rows", "numbers"):
        found = imported(tmp_path / "x.npz", step=STEP, segments=key)
        assert found.content.segments == wanted
    found = imported(tmp_path / "x.npz", step=STEP, segments="columns")
    assert found.content.segments == ((0, 100), (100, 200), (200, 280))
    hdf5(tmp_path / "x.h5", {"spikes": SPIKES, "targets": TARGETS})
    with h5py.File(tmp_path / "x.h5", "a") as file:
        file["trials/start_time"], file["trials/stop_time"] = (TIME[0] + STEP * (steps - 0.5)).T
    found = imported(tmp_path / "x.h5", step=STEP, segments="trials", start=7.0)
    assert found.content.segments == wanted
    with pytest.raises(DataError, match="has segments in seconds as trials: give the time stamps"):
        imported(tmp_path / "x.h5", step=STEP, segments="trials")


def test_means_of_samples_begin_anew_after_a_gap():
    time = np.r_[0:7, 20:25] * 0.01
    found, targets, count = averaged(time, np.arange(12.0), 0.02)
    assert count == 2
    np.testing.assert_array_equal(found, time[[0, 2, 4, 7, 9]])
    np.testing.assert_array_equal(targets, [0.5, 2.5, 4.5, 7.5, 9.5])


def test_spike_times_of_all_units_together(tmp_path):
    times = spike_times()
    units = np.repeat([10, 11, 12, 20, 21], [each.size for each in times])
    order = np.random.default_rng(0).permutation(units.size)
    arrays = {"s": np.concatenate(times)[order], "u": units[order], "targets": TARGETS, "t": TIME}
    npz(tmp_path / "x.npz", arrays)
    assert_imported(imported(tmp_path / "x.npz", spikes="s", spike_units="u", time="t"))


def test_a_sparse_matrix_and_a_field(tmp_path):
    savemat(tmp_path / "x.mat", {"trial": {"n": csc_matrix(SPIKES), "v": TARGETS}})
    assert_imported(imported(tmp_path / "x.mat", spikes="trial.n", targets="trial.v", step=STEP))
    with h5py.File(tmp_path / "y.mat", "w") as file:
        sparse = csc_matrix(SPIKES)
        group = file.create_group("trial/n")
        group.attrs["MATLAB_sparse"] = np.uint64(300)
        group["data"], group["ir"], group["jc"] = sparse.data, sparse.indices, sparse.indptr
        file["trial/v"] = TARGETS
    assert_imported(imported(tmp_path / "y.mat", spikes="trial.n", targets="trial.v", step=STEP))


def nwb_by_hand(path: Path) -> None:
    """What the schema asks for of a table of units, a time series and trials."""
    times = spike_times()
    with h5py.File(path, "w") as file:
        file["units/spike_times"] = np.concatenate(times)
        file["units/spike_times_index"] = np.cumsum([each.size for each in times])
        hand = file.create_group("processing/behavior/hand")
        data = hand.create_dataset("data", data=np.repeat((TARGETS - 5) / 100, 10, axis=0))
        data.attrs["conversion"], data.attrs["offset"] = np.float64(100), np.float64(5)
        data.attrs["unit"] = "m/s"
        start = hand.create_dataset("starting_time", data=TIME[0])
        start.attrs["rate"] = np.float32(10 / STEP)
        file["intervals/trials/start_time"] = TIME[[0, 100]]
        file["intervals/trials/stop_time"] = TIME[[100, 299]] + [0, STEP]


def nwb_by_pynwb(path: Path) -> None:
    pynwb = pytest.importorskip("pynwb", reason="writes NWB files")
    from datetime import datetime, timezone

    start = datetime(2020, 1, 1, tzinfo=timezone.utc)
    file = pynwb.NWBFile("a session", "an identifier", start)
    for times in spike_times():
        file.add_unit(spike_times=times)
    series = pynwb.TimeSeries(
        name="hand",
        data=np.repeat(TARGETS / 100, 10, axis=0),
        unit="m/s",
        conversion=100.0,
        timestamps=TIME[0] + STEP / 10 * np.arange(3000),
    )
    file.create_processing_module("behavior", "of the hand").add(series)
    file.add_trial(start_time=TIME[0], stop_time=TIME[100])
    file.add_trial(start_time=TIME[100], stop_time=TIME[299] + STEP)
    with pynwb.NWBHDF5IO(path, "w") as stream:
        stream.write(file)


@pytest.mark.parametrize("write", [nwb_by_hand, nwb_by_pynwb])
@pytest.mark.filterwarnings("ignore")
def test_nwb(tmp_path, write):
    path = tmp_path / "x.nwb"
    write(path)
    found = imported(
        path, targets="processing/behavior/hand", segments="intervals/trials", step=STEP
    )
    assert_imported(found)
    assert found.notes == ("each step is the mean of 10 targets",)
    assert found.content.segments == ((0, 100), (100, 300))
    assert {output.unit for output in found.content.task.outputs} == {"m/s"}
    with pytest.raises(DataError, match="lacks 'processing/behavior/hands': did you mean"):
        imported(path, targets="processing/behavior/hands", step=STEP)
    with pytest.raises(DataError, match="does not tell its targets: name them with --targets; it"):
        imported(path, step=STEP)
    for step in (0.012, np.nan, 1e300, 0.0):
        with pytest.raises(DataError, match=r"5 ms, of which \S+ ms are no whole number"):
            imported(path, targets="processing/behavior/hand", step=step)
    for stop in (np.nan, TIME[0]):
        with h5py.File(path, "a") as file:
            file["intervals/trials/stop_time"][1] = stop
        with pytest.raises(DataError, match="stops of intervals/trials that are NaN or infinite"):
            imported(
                path, targets="processing/behavior/hand", segments="intervals/trials", step=STEP
            )


SQUARE = np.ones((5, 5))


@pytest.mark.parametrize(
    ("arrays", "asked", "message"),
    [
        (
            {"spikes": SPIKES},
            {},
            "does not tell its targets: name them with --targets; it has spikes",
        ),
        ({"n": SPIKES}, {}, "does not tell its spikes: name them with --spikes; it has n"),
        ({"n": SPIKES, "targets": TARGETS}, {"spikes": "xyz"}, "lacks 'xyz': it has n, targets"),
        ({"spikes": SPIKES, "targets": TARGETS}, {"step": None}, "has no step"),
        ({"spikes": SPIKES, "targets": TARGETS[:-1]}, {}, "none of whose axes are equally long"),
        ({"spikes": SQUARE, "targets": SQUARE}, {}, "do not tell which axis is time: give --time-"),
        ({"spikes": SPIKES[:, :, None], "targets": TARGETS}, {}, "keys of two-dimensional arrays"),
        ({"spikes": SPIKES, "targets": TARGETS}, {"columns": (2,)}, "has 2 columns of targets"),
        (
            {"spikes": SPIKES, "targets": TARGETS, "s": [[0.0, 999]]},
            {"segments": "s"},
            "do not lie within",
        ),
        ({"spikes": -SPIKES, "targets": TARGETS}, {}, "has negative spike counts"),
        ({"spikes": SPIKES, "targets": TARGETS * np.nan}, {}, "has NaN or infinite targets"),
        (
            {"spikes": np.array([{}], dtype=object), "targets": TARGETS},
            {},
            "array of objects, which",
        ),
        (
            {"spikes": TIME, "u": TIME[:4], "targets": TARGETS},
            {"spike_units": "u"},
            "300 spike times and 4 units",
        ),
        (
            {"spikes": TIME, "u": TIME, "targets": TARGETS},
            {"spike_units": "u"},
            "without a time base",
        ),
    ],
)
def test_what_makes_no_recording(tmp_path, arrays, asked, message):
    path = tmp_path / "x.npz"
    np.savez(path, **arrays)
    with pytest.raises(DataError) as caught:
        imported(path, **{"step": STEP, **asked})
    text = str(caught.value)
    assert text.startswith(f"{path} ")
    assert message in text
    assert text.endswith((".", "?"))


def test_time_axis_decides(tmp_path):
    random = np.random.default_rng(0)
    spikes, targets = random.integers(0, 3, (40, 40)), random.normal(size=(40, 40))
    npz(tmp_path / "x.npz", {"spikes": spikes, "targets": targets})
    turned = imported(tmp_path / "x.npz", step=STEP, time_axis="columns").content
    np.testing.assert_array_equal(turned.events.rows(0, 40), spikes.T)
    np.testing.assert_array_equal(turned.targets, targets.T.astype(np.float32))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04", "damaged zip archive"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "is damaged"),
        (b"MATLAB 5.0".ljust(126) + b"IM" + bytes(9), "ends within an element"),
        (b"a,b\n1,2\n", "is none of a .npz archive, a MATLAB file, HDF5 and NWB"),
        (b"nbsuite recording 1\n", "is a recording of one's own already"),
        (b"", "is empty"),
    ],
)
def test_other_files(tmp_path, content, message):
    path = tmp_path / "x.bin"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        imported(path, step=STEP)


def test_what_lies_in_other_files_is_not_read(tmp_path):
    hdf5(tmp_path / "a.h5", {"spikes": SPIKES, "targets": TARGETS})
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["spikes"] = h5py.ExternalLink("a.h5", "spikes")
        file["group/targets"] = TARGETS
        file["soft"] = h5py.SoftLink("/group")
    for asked in (
        {"targets": "group/targets", "spikes": "spikes"},
        {"targets": "soft/targets", "spikes": "group/targets"},
    ):
        with pytest.raises(DataError, match="has a link to somewhere else"):
            imported(tmp_path / "x.h5", step=STEP, **asked)


def test_what_is_announced_and_not_there(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("spikes", (1 << 20, 1 << 20), dtype="u1", chunks=(1 << 12, 1 << 12))
        file["targets"] = TARGETS
    with pytest.raises(DataError, match=r"far more than a file|more than are read"):
        imported(tmp_path / "x.h5", step=STEP)
