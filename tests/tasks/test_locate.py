"""What a session's name or a path stands for."""

from __future__ import annotations

from pathlib import Path

import pytest

import nbsuite.data.twins.generate
from nbsuite.data import folders
from nbsuite.errors import DataError, UsageError
from nbsuite.tasks.known import find_session
from nbsuite.tasks.locate import Location, locate

I1 = find_session("I1")


@pytest.fixture
def twins(monkeypatch) -> list[tuple[object, ...]]:
    """The twins asked for, none of which is generated."""
    asked: list[tuple[object, ...]] = []

    def ensure(session, folder, *, progress=None) -> Path:
        asked.append((session, folder, progress))
        return folder / "twins" / "x.mat"

    monkeypatch.setattr(nbsuite.data.twins.generate, "ensure_twin", ensure)
    return asked


@pytest.fixture
def real(data_folder) -> Path:
    path = data_folder / "indy_20160622_01.mat"
    path.write_bytes(b"a recording")
    return path


@pytest.mark.parametrize("target", ["I1", "i1", "indy_20160622_01", "indy_20160622_01.mat"])
@pytest.mark.parametrize("source", ["auto", "real"])
def test_real_recording_that_is_there(target, source, data_folder, real, twins):
    assert locate(target, data_folder, source) == Location(real, I1, twin=False)
    assert twins == []


@pytest.mark.parametrize("source", ["auto", "twin"])
def test_twin_where_the_real_one_is_missing(source, data_folder, twins):
    def progress(stage: str, done: float) -> None:
        raise AssertionError

    found = locate("I1", data_folder, source, progress)
    assert found == Location(data_folder / "twins" / "x.mat", I1, twin=True)
    assert twins == [(I1, data_folder, progress)]


def test_twin_on_demand(data_folder, real, twins):
    assert locate("I1", data_folder, "twin").twin


def test_real_recording_that_is_missing(data_folder, twins):
    with pytest.raises(DataError, match=r"`nbsuite data fetch I1`, or .* `--data twin`"):
        locate("I1", data_folder, "real")
    assert twins == []


def test_unknown_session(data_folder):
    with pytest.raises(UsageError, match="did you mean"):
        locate("indy_20160622_1", data_folder)


@pytest.mark.parametrize("source", ["auto", "real", "twin"])
def test_path_is_itself(source, data_folder, real, monkeypatch, twins):
    assert locate(str(real), data_folder, source) == Location(real, I1, twin=None)
    monkeypatch.chdir(real.parent)
    relative = Path("indy_20160622_01.mat")
    assert locate(relative.name, Path("elsewhere"), source) == Location(relative, I1, twin=None)
    assert locate(f"./{relative}", Path("elsewhere"), source).path == relative
    other = Path("indy_mine.mat")
    other.write_bytes(b"a recording")
    assert locate(other.name, data_folder, source) == Location(other, None, twin=None)


def test_home_is_expanded(real, monkeypatch):
    monkeypatch.setenv("HOME", str(real.parent))
    assert locate(f"~/{real.name}", Path("elsewhere")).path == real


@pytest.mark.parametrize("target", ["indy_mine.mat", "./I1", "nowhere/indy_20160622_01.mat"])
def test_missing_path(target, data_folder):
    with pytest.raises(DataError, match="does not exist"):
        locate(target, data_folder)


def test_folder_named_like_a_session_does_not_count(data_folder, real, monkeypatch, tmp_path):
    (tmp_path / "I1").mkdir()
    monkeypatch.chdir(tmp_path)
    assert locate("I1", data_folder).path == real


@pytest.mark.parametrize("name", ["NBSUITE_DATA", "NBSUITE_CACHE"])
def test_the_home_of_a_user_who_is_not_known(name, monkeypatch):
    monkeypatch.setenv(name, "~nobody-here/x")
    for folder in (folders.data_folder, folders.cache_folder):
        if folder.__name__.startswith(name[8:].lower()):
            with pytest.raises(
                UsageError, match="~nobody-here/x begins with a home folder that is unknown"
            ):
                folder()
        else:
            folder()
    with pytest.raises(UsageError, match="write the path out"):
        locate("~nobody-here/indy_x.mat", Path("elsewhere"))
