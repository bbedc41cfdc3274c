from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from nbsuite.errors import ResultsError
from nbsuite.submissions.results.challenge import provenance_path
from nbsuite.submissions.results.folder import read_results
from nbsuite.submissions.results.model_results import labels_of
from nbsuite.submissions.results.summaries import summarise
from tests.submissions.results_files import NAMES, lists, write_lists, write_six


def test_models_and_sessions_are_told_by_the_names_of_the_files(tmp_path: Path) -> None:
    write_six(tmp_path, "my_model-2")
    write_lists(tmp_path, "other", NAMES[4], r2=[0.1, 0.2])
    found = read_results(tmp_path)
    assert [(each.model, list(each.sessions)) for each in found.real] == [
        ("my_model-2", ["I1", "I2", "I3", "L1", "L2", "L3"]),
        ("other", ["L2"]),
    ]
    assert found.real[1].sessions["L2"]["r2"] == [0.1, 0.2]
    assert found.real[1].missing == ["I1", "I2", "I3", "L1", "L3"]
    assert found.twins == []


def test_a_single_file_will_do(tmp_path: Path) -> None:
    path = write_lists(tmp_path, recording=NAMES[1])
    write_lists(tmp_path, recording=NAMES[2])
    [found] = read_results(path).real
    assert list(found.sessions) == ["I2"]


def test_twins_are_told_by_name_and_by_provenance(tmp_path: Path) -> None:
    write_lists(tmp_path, recording=NAMES[0])
    write_lists(tmp_path, recording=f"{NAMES[0]}-twin-seed1")
    write_lists(tmp_path, recording=f"{NAMES[0]}-twin-seed2-fraction0.1")
    disguised = write_lists(tmp_path, recording=NAMES[1])
    provenance_path(disguised).write_text('{"twin": true, "runs": []}')
    found = read_results(tmp_path)
    assert [list(each.sessions) for each in found.real] == [["I1"]]
    assert {(each.twin, *each.sessions) for each in found.twins} == {
        ("twin-seed1", "I1"),
        ("twin-seed2-fraction0.1", "I1"),
        ("twin", "I2"),
    }


def test_a_twin_of_any_name_is_told_by_its_label(tmp_path: Path) -> None:
    twin = {"session": NAMES[3], "fraction": 0.5, "seed": 2, "generator": 1}
    for number, told in enumerate((twin, {**twin, "session": "indy_20990101_01"}, {}, None)):
        path = write_lists(tmp_path, recording=f"short{number}-twin")
        run = {"checkpoint": {"model": {"name": "mine"}}, "data": {"twin": told}}
        provenance_path(path).write_text(json.dumps({"twin": True, "runs": [run]}))
    found = read_results(tmp_path)
    assert [(each.twin, list(each.sessions)) for each in found.twins] == [
        ("twin-seed2-fraction0.5", ["L1"])
    ]
    assert len(found.others) == 3


def test_other_recordings_are_named_and_left_out(tmp_path: Path) -> None:
    write_lists(tmp_path)
    other = write_lists(tmp_path, recording="indy_20990101_01")
    odd = write_lists(tmp_path, recording="mine")
    assert set(read_results(tmp_path).others) == {other, odd}


def test_a_summary_alone_will_do(tmp_path: Path) -> None:
    summary = summarise({name: lists(r2=[0.1 * number]) for number, name in enumerate(NAMES)})
    (tmp_path / "results_summary_mine.json").write_text(json.dumps(summary))
    [found] = read_results(tmp_path).real
    assert found.averaged
    assert found.missing == []
    assert found.sessions["L3"]["r2"] == pytest.approx([0.5])


def _write_summary(folder: Path, names: Iterable[str], file: str = "mine") -> Path:
    path = folder / f"results_summary_{file}.json"
    path.write_text(json.dumps(summarise({name: lists() for name in names})))
    return path


def test_a_summary_of_other_recordings_alone_is_named_and_left_out(tmp_path: Path) -> None:
    other = write_lists(tmp_path, recording="indy_foo")
    summary = _write_summary(tmp_path, ["indy_foo"])
    found = read_results(tmp_path)
    assert (found.models, set(found.others)) == ([], {other, summary})


def test_a_summary_over_other_recordings_too_agrees_with_the_lists(tmp_path: Path) -> None:
    write_six(tmp_path)
    write_lists(tmp_path, recording="indy_foo", r2=[0.1, 0.1])
    content = {name: lists() for name in NAMES} | {"indy_foo": lists(r2=[0.1, 0.1])}
    (tmp_path / "results_summary_mine.json").write_text(json.dumps(summarise(content)))
    assert read_results(tmp_path).models[0].missing == []


def test_a_summary_of_twins_alone_is_named_and_left_out(tmp_path: Path) -> None:
    summary = _write_summary(tmp_path, [f"{NAMES[0]}-twin-seed1"], "mine-twin")
    assert read_results(tmp_path).others == [summary]
    write_lists(tmp_path, recording=f"{NAMES[0]}-twin-seed1")
    assert read_results(tmp_path).others == []


@pytest.mark.parametrize("place", [NAMES[2], "average"])
def test_a_summary_that_contradicts_the_lists(tmp_path: Path, place: str) -> None:
    write_six(tmp_path)
    summary = summarise({name: lists() for name in NAMES})
    path = tmp_path / "results_summary_mine.json"
    path.write_text(json.dumps(summary))
    read_results(tmp_path)
    summary[place]["acs"] += 0.01
    path.write_text(json.dumps(summary))
    with pytest.raises(ResultsError, match=rf"gives 20.01 as acs of {place}"):
        read_results(tmp_path)


def test_the_published_folder(shared: Path) -> None:
    found = read_results(shared / "published" / "zenkelab")
    assert [each.model for each in found.real] == ["bigRSNN", "tinyRSNN"]
    assert all(not each.missing and not each.averaged for each in found.real)
    assert found.others == []


def test_one_model_under_two_names(tmp_path: Path) -> None:
    write_lists(tmp_path, "bigRSNN")
    write_lists(tmp_path, "maxR2")
    with pytest.raises(ResultsError, match="under another name"):
        read_results(tmp_path)


def test_lists_of_different_length(tmp_path: Path) -> None:
    write_lists(tmp_path, acs=[1.0])
    with pytest.raises(ResultsError, match="has 1 values of acs"):
        read_results(tmp_path)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="no results in challenge format"):
        read_results(tmp_path)
    with pytest.raises(ResultsError, match="no results at"):
        read_results(tmp_path / "none")


@pytest.mark.parametrize("text", ["[]", "{", '{"r2": [1]}', "[" * 100_000, "\x00", '{"r2": [NaN]}'])
def test_damaged_files_are_named(tmp_path: Path, text: str) -> None:
    path = write_lists(tmp_path)
    path.write_text(text)
    with pytest.raises(ResultsError, match=path.name):
        read_results(tmp_path)


@pytest.mark.parametrize("text", ["[]", "{", "[" * 100_000, '{"twin": "no"}', '{"a": 1e999}'])
def test_damaged_provenance_is_named(tmp_path: Path, text: str) -> None:
    path = provenance_path(write_lists(tmp_path))
    path.write_text(text)
    with pytest.raises(ResultsError, match=path.name):
        read_results(tmp_path)


def test_models_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    folders = [write_six(tmp_path / name) for name in "ab"]
    models = [read_results(folder).real[0] for folder in folders]
    assert labels_of(models) == [f"mine ({folder})" for folder in folders]
    assert labels_of(models[:1]) == ["mine"]


def test_models_that_share_a_folder_are_told_apart_too(tmp_path: Path) -> None:
    for number in (1, 2):
        write_six(tmp_path, suffix=f"-twin-seed{number}")
    models = read_results(tmp_path).twins
    assert labels_of(models) == [f"mine ({tmp_path}) (twin-seed{n})" for n in (1, 2)]
    assert len(set(labels_of([*models, *models]))) == 4
