from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nbsuite.data.twins.generate as twin_module
from nbsuite.data.folders import twin_path
from nbsuite.data.mat_format import SAMPLE_SECONDS
from nbsuite.data.matfile import write_recording
from nbsuite.data.sessions import Session
from nbsuite.data.twins.generate import ensure_twin, write_planned_twin, write_twin
from nbsuite.data.twins.info import read_twin_info
from nbsuite.data.twins.plan import SORTED_SESSION, plan_of_sorted_session, plan_twin
from nbsuite.errors import DataError, UsageError
from nbsuite.seeds import LARGEST_SEED
from nbsuite.tasks.known import find_session
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING
from nbsuite.twin_info import GENERATOR_VERSION, TwinInfo

I1 = find_session("I1")
SHORT = 0.004


def assert_as_planned(path: Path, session: Session, fraction: float, oracle) -> None:
    loaded = oracle(path)
    plan = plan_twin(session, fraction)
    assert loaded.samples.shape[0] == plan.channels == session.channels
    assert loaded.labels.shape[1] == plan.steps
    assert loaded.samples.shape[1] - plan.steps in (0, 1)
    assert len(loaded.time_segments) == plan.segments
    assert len(loaded.ind_test) == plan.test_steps
    assert int(loaded.samples[:, loaded.ind_test].double().sum()) == plan.test_events


def datasets(path: Path) -> dict[str, bytes]:
    """Content of every dataset, cells of spikes in place of references."""
    with h5py.File(path) as file:
        content = {name: file[name][()].tobytes() for name in ("cursor_pos", "target_pos", "t")}
        for index, reference in enumerate(file["spikes"][()].ravel()):
            content[f"cell {index}"] = file[reference][()].tobytes()
    return content


@pytest.mark.parametrize("session", PRIMATE_REACHING.sessions, ids=lambda session: session.id)
def test_a_short_twin_holds_what_is_planned(session, tmp_path, oracle):
    path = tmp_path / f"{session.name}.mat"
    write_twin(session, path, fraction=0.02)
    assert_as_planned(path, session, 0.02, oracle)


def test_a_twin_of_the_session_of_sorted_units(tmp_path, oracle):
    plan, path = plan_of_sorted_session(), tmp_path / f"{SORTED_SESSION}.mat"
    write_planned_twin(plan, TwinInfo(SORTED_SESSION, 1.0, 1, GENERATOR_VERSION), path)
    loaded = oracle(path)
    assert len(loaded.time_segments) == plan.segments == 321
    assert len(loaded.ind_test) == plan.test_steps
    assert int(loaded.samples[:, loaded.ind_test].double().sum()) == plan.test_events
    hertz = loaded.samples.double().mean(dim=1).numpy() / SAMPLE_SECONDS
    assert np.count_nonzero(hertz) == 30
    with h5py.File(path) as file:
        cells = [[file[each] for each in row] for row in file["spikes"][()]]
        assert [sum("MATLAB_empty" not in c.attrs for c in row) for row in cells] == [0, 30, 0, 0]


@pytest.mark.slow
def test_a_full_twin_has_the_sessions_test_set(tmp_path, oracle):
    session = find_session("I3")
    path = tmp_path / f"{session.name}.mat"
    write_twin(session, path)
    loaded = oracle(path)
    assert loaded.samples.shape[0] == 96
    assert len(loaded.ind_test) == 52_116
    assert int(loaded.samples[:, loaded.ind_test].double().sum()) == 193_287


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    session=st.sampled_from(PRIMATE_REACHING.sessions),
    fraction=st.floats(0.005, 0.012),
    seed=st.integers(0, LARGEST_SEED),
)
def test_any_twin_holds_what_is_planned(session, fraction, seed, tmp_path, oracle):
    path = tmp_path / f"{session.name}.mat"
    write_twin(session, path, fraction=fraction, seed=seed)
    assert_as_planned(path, session, fraction, oracle)


def test_the_same_seed_gives_the_same_content(tmp_path):
    for name, seed in (("one", 1), ("same", 1), ("other", 2)):
        write_twin(I1, tmp_path / name, fraction=SHORT, seed=seed)
    one, same, other = (datasets(tmp_path / name) for name in ("one", "same", "other"))
    assert one == same
    assert one["cursor_pos"] != other["cursor_pos"]
    assert one["target_pos"] != other["target_pos"]
    assert sum(one[name] != other[name] for name in one if name.startswith("cell")) > 150


def test_sessions_differ_under_one_seed(tmp_path):
    write_twin(I1, tmp_path / "I1", fraction=SHORT)
    write_twin(find_session("I2"), tmp_path / "I2", fraction=SHORT)
    with h5py.File(tmp_path / "I1") as one, h5py.File(tmp_path / "I2") as other:
        assert not np.allclose(one["cursor_pos"][:, :1000], other["cursor_pos"][:, :1000])


def test_a_twin_says_that_it_is_one(tmp_path):
    info = write_twin(I1, tmp_path / "twin.mat", fraction=SHORT, seed=3)
    assert info == TwinInfo("indy_20160622_01", SHORT, 3, GENERATOR_VERSION)
    assert read_twin_info(tmp_path / "twin.mat") == info


def test_a_full_disk_ends_neither_the_process_nor_a_file(tmp_path, small_files):
    with pytest.raises(OSError, match="File too large"):
        write_twin(I1, tmp_path / "twin.mat", fraction=SHORT)
    assert list(tmp_path.iterdir()) == []


def test_the_smallest_fraction_named_is_one(tmp_path):
    for label in ("I1", "L3"):
        with pytest.raises(UsageError) as caught:
            plan_twin(find_session(label), 1e-4)
        named = float(str(caught.value).rpartition(" ")[2].rstrip("."))
        assert plan_twin(find_session(label), named).steps > 900


def test_a_recording_without_the_label_is_no_twin(tmp_path):
    path = tmp_path / "real.mat"
    still = np.zeros((2, 10))
    write_recording(
        path, spike_times=[[np.empty(0)]], cursor=still, target=still, time=np.arange(10.0)
    )
    assert read_twin_info(path) is None
    with h5py.File(path, "a") as file:
        file.attrs["nbsuite_twin"] = '{"session": 1'
    with pytest.raises(DataError, match=r"real\.mat has a damaged label"):
        read_twin_info(path)


def test_the_file_is_in_the_recordings_format(tmp_path):
    write_twin(I1, tmp_path / "twin.mat", fraction=SHORT)
    steps = plan_twin(I1, SHORT).steps
    with h5py.File(tmp_path / "twin.mat") as file:
        assert file["cursor_pos"].shape == file["target_pos"].shape == (2, steps)
        assert file["t"].shape == (1, steps)
        assert file["spikes"].shape == (4, 96)
        np.testing.assert_allclose(np.diff(file["t"][0]), SAMPLE_SECONDS, rtol=1e-6)
        silent = 0
        for column in file["spikes"][()].T:
            cells = [file[reference] for reference in column]
            filled = [cell[0] for cell in cells if "MATLAB_empty" not in cell.attrs]
            silent += not filled
            for times in filled:
                assert np.all(np.diff(times) > 0)
                assert times.min() > file["t"][0, 0] - SAMPLE_SECONDS
        assert silent >= 6


@pytest.mark.parametrize("fraction", [0.0, -0.5, 2.0, float("nan"), 1e-5])
def test_a_fraction_out_of_range_is_refused(fraction, tmp_path):
    for make in (write_twin, ensure_twin):
        with pytest.raises(UsageError, match=r"choose (a fraction|at least)"):
            make(I1, tmp_path / "twin", fraction=fraction)
    assert list(tmp_path.iterdir()) == []


def test_a_negative_seed_is_refused(tmp_path):
    for make in (write_twin, ensure_twin):
        with pytest.raises(UsageError, match="seed -1: choose 0 or more"):
            make(I1, tmp_path / "twin", fraction=SHORT, seed=-1)


def test_other_sessions_have_no_twin(tmp_path):
    other = Session("indy_20160927_04", 96)
    with pytest.raises(UsageError, match=r"no twin of indy_20160927_04.*I1, I2, I3, L1, L2, L3"):
        write_twin(other, tmp_path / "twin.mat")


def test_progress_runs_from_0_to_1(tmp_path):
    seen: list[tuple[str, float]] = []
    write_twin(
        I1,
        tmp_path / "twin",
        fraction=SHORT,
        progress=lambda stage, done: seen.append((stage, done)),
    )
    done = [share for _, share in seen]
    assert done[0] == 0.0
    assert done[-1] == 1.0
    assert done == sorted(done)
    assert {stage for stage, _ in seen} == {"movements", "neurons", "spikes", "writing", "done"}


def test_ensure_twin_generates_once(tmp_path, monkeypatch):
    path = ensure_twin(I1, tmp_path, fraction=SHORT)
    assert path == twin_path(I1, tmp_path, fraction=SHORT)
    before = path.stat().st_mtime_ns
    monkeypatch.setattr(twin_module, "write_twin", None)
    assert ensure_twin(I1, tmp_path, fraction=SHORT) == path
    assert path.stat().st_mtime_ns == before


def test_an_older_or_damaged_twin_is_made_again(tmp_path, monkeypatch):
    monkeypatch.setattr(twin_module, "GENERATOR_VERSION", GENERATOR_VERSION - 1)
    path = ensure_twin(I1, tmp_path, fraction=SHORT)
    monkeypatch.undo()
    assert read_twin_info(ensure_twin(I1, tmp_path, fraction=SHORT)).generator == GENERATOR_VERSION
    path.write_bytes(path.read_bytes()[:1000])
    ensure_twin(I1, tmp_path, fraction=SHORT)
    assert read_twin_info(path) is not None


ENSURE_AND_REPORT = """
import sys
from pathlib import Path
from nbsuite.data.twins.generate import ensure_twin
from nbsuite.tasks.known import find_session
calls = []
session = find_session("I1")
ensure_twin(session, Path(sys.argv[1]), fraction=0.02, progress=lambda *c: calls.append(c))
print(len(calls))
"""


def test_two_processes_generate_once(tmp_path):
    command = [sys.executable, "-c", ENSURE_AND_REPORT, str(tmp_path)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    waited, generated = sorted(int(process.communicate(timeout=120)[0]) for process in both)
    assert waited == 0 < generated


def test_nothing_half_written_is_left(tmp_path, monkeypatch):
    def stop(stage: str, done: float) -> None:
        if stage == "writing":
            monkeypatch.setattr(h5py.File, "create_group", fail)

    def fail(*_args: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ensure_twin(I1, tmp_path, fraction=SHORT, progress=stop)
    assert list((tmp_path / "twins").iterdir()) == []


def test_a_twin_lies_alone(tmp_path):
    path = twin_path(I1, tmp_path, fraction=SHORT)
    path.parent.mkdir()
    path.with_suffix(".lock").touch()  # of a run that was killed
    assert list(path.parent.iterdir()) == [path.with_suffix(".lock")]
    assert ensure_twin(I1, tmp_path, fraction=SHORT) == path
    assert list(path.parent.iterdir()) == [path]


def test_what_somebody_keeps_in_a_lock_stays(tmp_path):
    lock = tmp_path / "twin.lock"
    lock.write_text("mine")
    twin_module._remove_empty(lock)
    assert lock.read_text() == "mine"
    lock.write_text("")
    twin_module._remove_empty(lock)
    assert not lock.exists()


@pytest.mark.parametrize("damage", [b"", b"\x89HD", b"\x89HDF\r\n\x1a\n" + bytes(5000)])
def test_a_twin_of_which_little_is_left_is_made_again(tmp_path, damage):
    path = twin_path(I1, tmp_path, fraction=SHORT)
    path.parent.mkdir()
    path.write_bytes(damage)
    assert read_twin_info(ensure_twin(I1, tmp_path, fraction=SHORT)) is not None


OTHERS = {
    "text": lambda path: path.write_text("my notes"),
    "zeros": lambda path: path.write_bytes(bytes(100_000)),
    "other HDF5": lambda path: h5py.File(path, "w").close(),
    "pipe": os.mkfifo,
    "folder": lambda path: path.mkdir(),
    "link to nowhere": lambda path: path.symlink_to("nowhere"),
    "loop": lambda path: path.symlink_to(path),
}


@pytest.mark.parametrize("make", OTHERS.values(), ids=OTHERS)
def test_what_is_no_twin_is_not_replaced(tmp_path, make):
    path = twin_path(I1, tmp_path, fraction=SHORT)
    path.parent.mkdir()
    make(path)
    before = path.lstat()
    with pytest.raises(DataError, match=r"is there already and is no twin: move it away.*--force"):
        ensure_twin(I1, tmp_path, fraction=SHORT)
    after = path.lstat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("seed", [-1, 2**63, 10**400])
def test_seeds_that_no_label_holds(tmp_path, seed):
    with pytest.raises(UsageError, match=r"cannot have the seed .* choose 0 or more, below 2\^63"):
        ensure_twin(I1, tmp_path, fraction=SHORT, seed=seed)


def test_the_largest_seed(tmp_path):
    path = ensure_twin(I1, tmp_path, fraction=SHORT, seed=2**63 - 1)
    assert read_twin_info(path).seed == 2**63 - 1
