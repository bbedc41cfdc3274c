"""Values of any kind in any field of a package's JSON: a sentence, or nothing depends on them."""

from __future__ import annotations

import contextlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsuite.errors import NbsuiteError
from nbsuite.submissions.package.checkpoints import check_checkpoints
from nbsuite.submissions.package.checks import check_completeness, check_results
from nbsuite.submissions.package.contents import read_contents
from nbsuite.submissions.package.manifest import check_manifest
from nbsuite.submissions.package.sources import CheckpointFinder
from tests.submissions.packages import PROVENANCE, RESULTS, SUMMARY

Place = tuple[Any, ...]

FILES = ("manifest.json", PROVENANCE, RESULTS, SUMMARY, "recipes.json")
WRONG = (
    None,
    True,
    -1,
    1.0,
    1e15,
    2**63 - 1,
    "",
    "\x1b[31mred\u202e",
    "a\n",
    "../x",
    "x" * 5000,
    [],
    [[]],
    [None] * 1001,
    {},
    {"": {}},
)


@pytest.fixture(scope="module")
def unpacked(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, but of one session only."""
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(package) as archive:
        archive.extractall(folder)
    for pattern in ("*_indy_201606[!2]*", "*_indy_2017*", "*_loco_*"):
        for path in [*folder.rglob(pattern)]:
            if "20160622" not in path.name:
                path.unlink()
    return folder


def places_in(content: Any, place: Place = ()) -> list[Place]:
    """The places of all values, of lists only the first."""
    found = [place]
    if isinstance(content, dict):
        for key, value in content.items():
            found += places_in(value, (*place, key))
    elif isinstance(content, list):
        for value in content[:1]:
            found += places_in(value, (*place, 0))
    return found


def put(content: Any, place: Place, value: Any) -> Any:
    """JSON in which another value stands at a place."""
    if not place:
        return value
    content[place[0]] = put(content[place[0]], place[1:], value)
    return content


def check(folder: Path, name: str) -> None:
    """All that is made of a file when a package is validated or packed.

    Raises:
        NbsuiteError: a sentence.
    """
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    if name == "manifest.json":
        check_manifest(folder, names)
        return
    contents = read_contents(folder, names)
    check_completeness(contents, partial=True)
    check_results(contents)
    check_checkpoints(folder, contents)
    for each in contents.sessions:  # as they are found when they are packed
        for run in each.runs:
            CheckpointFinder([folder]).find(run)


@given(data=st.data())
@pytest.mark.parametrize("name", FILES)
def test_a_value_of_any_kind_in_any_field(unpacked: Path, name: str, data: st.DataObject) -> None:
    before = (unpacked / name).read_text()
    place = data.draw(st.sampled_from(places_in(json.loads(before))))
    content = put(json.loads(before), place, data.draw(st.sampled_from(WRONG)))
    (unpacked / name).write_text(json.dumps(content))
    try:
        with contextlib.suppress(NbsuiteError):
            check(unpacked, name)
    finally:
        (unpacked / name).write_text(before)
