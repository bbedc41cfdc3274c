from __future__ import annotations

import json
import os
import resource
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.files import read_bounded, read_bounded_text
from nbsuite.untrusted.json_text import parse_json, read_json_file
from nbsuite.untrusted.toml_text import LARGEST_TOML, parse_toml, read_toml_file

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text() | st.floats(-1e9, 1e9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_sound_json_is_read_as_ever(content: Any) -> None:
    assert parse_json(json.dumps(content)) == content


@pytest.mark.parametrize(
    ("text", "fault"),
    {
        "[NaN]": "NaN is not finite",
        "[1e999]": "1e999 is not finite",
        "[-Infinity]": "-Infinity is not finite",
        '{"a": 1, "a": 2}': "a key is there twice",
        f"[1{'0' * 40}]": "a number is oversized",
        f"[{2**70}]": "is oversized",
        "[" * 17 + "]" * 17: "nested more than 16",
        "[" * 200_000: "nested more than 16",
        '{"a":' * 200_000: "nested more than 16",
        "": "not valid JSON",
        "[1,]": "not valid JSON",
    }.items(),
)
def test_unsound_json(text: str, fault: str) -> None:
    with pytest.raises(FormatFault, match=fault) as caught:
        parse_json(text)
    assert len(str(caught.value)) <= 200


def test_files_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    path.write_text(f'["{"x" * 100}"]')
    assert read_json_file(path, largest=200) == ["x" * 100]
    with pytest.raises(FormatFault, match="larger than 100 bytes"):
        read_json_file(path, largest=100)


@pytest.mark.parametrize("path", [Path("/dev/zero"), Path("/")])
def test_devices_and_folders_are_no_files(path: Path) -> None:
    if not path.exists():
        pytest.skip("this system has no such file")
    with pytest.raises((FormatFault, OSError)):
        read_bounded(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_nobody_waits_for_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FormatFault, match="no regular file"):
        read_bounded(tmp_path / "pipe")


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"\xff\xfe")
    with pytest.raises(FormatFault, match="is not UTF-8"):
        read_bounded_text(tmp_path / "text")


def test_sound_toml(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('a.b.c = 1\n[d]\ne = "x.y.z"\n')
    assert read_toml_file(tmp_path / "a.toml") == {"a": {"b": {"c": 1}}, "d": {"e": "x.y.z"}}


@pytest.mark.parametrize(
    ("text", "fault"),
    {
        ".".join(["a"] * 100_000) + " = 1": "more than 500 dots",
        f"[{'.'.join(['a'] * 100_000)}]": "more than 500 dots",
        "a = " + "[" * 100_000: "nested too deeply|not valid TOML",
        "a = " + "{b=" * 50_000: "nested too deeply|not valid TOML",
        "a = " + "1" * 10_000: "not valid TOML",
        "a = 2020-13-45": "not valid TOML",
        "a": "not valid TOML",
        "#" * (LARGEST_TOML + 1): "larger than",
    }.items(),
)
def test_unsound_toml(text: str, fault: str) -> None:
    with pytest.raises(FormatFault, match=fault):
        parse_toml(text)


def test_the_worst_toml_within_the_bounds_takes_little_memory() -> None:
    line = ".".join(["a"] * 500) + " = 1\n"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(FormatFault):  # the key is there twice
        parse_toml(line * 200)
    lines = [f"b{number}.{line}" for number in range(200)]
    parse_toml("".join(lines))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 1 << 20, f"{grown} KiB"
