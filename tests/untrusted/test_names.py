from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.names import fault_of_name, inside


@pytest.mark.parametrize("name", ["tinyRSNN", "maxR2", "a", "1", "my study 2", "x.y-z_w+1", "_a"])
def test_names(name: str) -> None:
    assert fault_of_name(name) is None


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            " a",
            "a ",
            "a.",
            ".",
            "..",
            ".a",
            "-a",
            "a/b",
            "a\\b",
            "a\nb",
            "a\x1bb",
            "a\0",
            "a\n",
        ),
        *("a\n", "é", "a\u202eb", "x/../../victim", "C:a", "a" * 101, None, 1, ["a"]),
    ],
)
def test_no_names(name: object) -> None:
    assert "is no name" in (fault_of_name(name) or "")


@given(st.text(st.characters(), max_size=20))
def test_a_name_is_one_part_of_a_path(name: str) -> None:
    if fault_of_name(name) is None:
        assert Path("folder", name).parent == Path("folder")
        assert Path("folder", name).name == name
        assert name.isprintable()


def test_inside(tmp_path: Path) -> None:
    assert inside(tmp_path, "a/b.json") == tmp_path / "a" / "b.json"


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/passwd", "a\0b"])
def test_outside(tmp_path: Path, name: str) -> None:
    with pytest.raises(FormatFault, match="path"):
        inside(tmp_path, name)


def test_a_link_that_leads_out(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "link").symlink_to(tmp_path)
    with pytest.raises(FormatFault, match="leads out"):
        inside(tmp_path / "folder", "link/x")


def test_a_loop_of_links(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with suppress(FormatFault):  # from Python 3.13 on, a loop is a path like any other
        assert inside(tmp_path, "a/x") == tmp_path / "a" / "x"
