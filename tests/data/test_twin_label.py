"""The label that makes a file a twin, from whoever wrote it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from nbsuite.data.twins.info import TWIN_ATTRIBUTE, read_twin_info
from nbsuite.errors import DataError
from nbsuite.tasks.info import inspect
from nbsuite.tasks.opening import load_recording
from nbsuite.twin_info import TwinInfo

SOUND = {"session": "indy_20160622_01", "fraction": 0.5, "seed": 1, "generator": 2}


@pytest.fixture
def labelled(draw_recording, tmp_path):
    """Function that writes a small recording with that label."""
    drawn = draw_recording(units=1, steps=400)

    def write(label: object) -> Path:
        path = drawn.write(tmp_path / "indy_x.mat")
        with h5py.File(path, "r+") as file:
            file.attrs[TWIN_ATTRIBUTE] = label
        return path

    return write


def _refusal(path: Path) -> str:
    with pytest.raises(DataError) as raised:
        load_recording(path)
    message = str(raised.value)
    with pytest.raises(DataError) as again:
        read_twin_info(path)
    assert str(again.value) == message
    assert message in inspect(path).problems
    assert f"{path} has a damaged label 'nbsuite_twin', which " in message
    assert message.endswith("delete it, and generate the twin again.")
    assert len(message) <= 500
    return message


@pytest.mark.parametrize("label", [json.dumps(SOUND), np.bytes_(json.dumps(SOUND).encode())])
def test_sound_label(labelled, label):
    assert read_twin_info(labelled(label)) == TwinInfo("indy_20160622_01", 0.5, 1, 2)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"session": 3}, "does not fit"),
        ({"session": "x/../../victim"}, "has an impossible session"),
        ({"session": "indy\u202e"}, "has an impossible session"),
        ({"session": "x" * 3000}, "has an impossible session"),
        ({"fraction": "0.5"}, "does not fit"),
        ({"fraction": True}, "does not fit"),
        ({"fraction": 0}, "has the impossible fraction 0"),
        ({"fraction": 1e300}, "has the impossible fraction 1e+300"),
        ({"seed": 1.5}, "does not fit"),
        ({"seed": [1]}, "does not fit"),
        ({"seed": -1}, "has a negative seed"),
        ({"generator": None}, "does not fit"),
        ({"generator": -2}, "has a negative seed or generator"),
        ({"more": 1}, "has the unknown field 'more'"),
    ],
)
def test_fields_that_do_not_fit(labelled, changes, fault):
    assert fault in _refusal(labelled(json.dumps(SOUND | changes)))


@pytest.mark.parametrize(
    ("label", "fault"),
    [
        ("", "is not valid JSON"),
        ("[" * 3000, "is"),
        ("[" * 100_000, "is no text of at most 4,096 bytes"),
        ("null", "is no object of fields"),
        ('{"session": "a", "fraction": 1, "seed": 1}', "does not fit"),
        ('{"session": "a", "fraction": NaN, "seed": 1, "generator": 1}', "is not valid JSON"),
        ('{"session": "a", "fraction": 1, "seed": 1' + "0" * 999 + "}", "is not valid JSON"),
        (np.bytes_(b"\xff\xfe"), "is not valid JSON"),
        (3, "is no text"),
        (np.array(["a", "b"], dtype=h5py.string_dtype()), "is no text"),
        (h5py.Empty("S10"), "is no text"),
        (np.frombuffer(b"{}", dtype="u1"), "is no text"),
        (np.void(b"{}"), "is no text"),
    ],
)
def test_labels_of_other_kinds(labelled, label, fault):
    if isinstance(label, str) and len(label) > 60_000:  # more than an attribute can hold as such
        label = np.array(label, dtype=h5py.string_dtype())
    assert fault in _refusal(labelled(label))


def test_label_that_refers_to_an_object(labelled):
    path = labelled("{}")
    with h5py.File(path, "r+") as file:
        file.attrs[TWIN_ATTRIBUTE] = file["t"].ref
    assert "is no text" in _refusal(path)


def test_pipe_in_the_place_of_a_twin(tmp_path):
    path = tmp_path / "twins" / "indy_x.mat"
    path.parent.mkdir()
    os.mkfifo(path)
    with pytest.raises(DataError, match="is no regular file: delete it"):
        read_twin_info(path)
