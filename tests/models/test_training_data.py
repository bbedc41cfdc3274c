"""What a header says that weights were trained on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nbsuite.data.recording import Recording
from nbsuite.data.twins.generate import write_twin
from nbsuite.models.training_data import UNTRAINED, TrainingData
from nbsuite.tasks.known import find_session
from nbsuite.tasks.opening import load_recording

NAME = "indy_20160622_01-twin-seed7-fraction0.005"


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    path = tmp_path_factory.mktemp("twin") / f"{NAME}.mat"
    write_twin(find_session("I1"), path, fraction=0.005, seed=7)
    return load_recording(path, use_cache=False)


@pytest.fixture
def real(tiny_recording_path: Path) -> Recording:
    return load_recording(tiny_recording_path)


def test_a_twin_among_the_recordings_is_named(real: Recording, twin: Recording) -> None:
    data = UNTRAINED.followed_by([real]).followed_by([twin, real])
    assert [each.file for each in data.recordings] == [real.path.name, f"{NAME}.mat"]
    assert data.recordings[1].sha256 == twin.digest
    assert data.twins == (NAME,)
    assert data.on_twin is True


def test_it_is_known_of_what_began_untrained_alone(real: Recording, twin: Recording) -> None:
    assert UNTRAINED.followed_by([real]).on_twin is False
    assert TrainingData().followed_by([real]).on_twin is None
    assert TrainingData().followed_by([twin]).on_twin is True
    assert TrainingData.from_json(None).on_twin is None


def test_as_json_and_back(real: Recording, twin: Recording) -> None:
    for data in (TrainingData(), UNTRAINED, UNTRAINED.followed_by([real, twin])):
        assert TrainingData.from_json(json.loads(json.dumps(data.to_json()))) == data


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: [],
        lambda values: values.pop("complete"),
        lambda values: {**values, "recordings": 3},
        lambda values: {**values, "recordings": [{"file": "a.mat"}]},
        lambda values: {**values, "recordings": [{"file": "a.mat", "sha256": "", "twin": 1}]},
        lambda values: {**values, "recordings": [{"file": "", "sha256": "", "twin": {"x": 1}}]},
    ],
)
def test_what_is_damaged(damage: Callable[[dict[str, Any]], Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        TrainingData.from_json(damage(UNTRAINED.to_json()))
