"""The best variant of a search: its test R2 with its interval, and whether the next one differs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from nbsuite.files import digest
from nbsuite.submissions.results.challenge import provenance_path
from nbsuite.submissions.results.formats import records
from nbsuite.submissions.study.ranking import Candidate, RankingWork, read_ranking
from nbsuite.training.run_folder import WEIGHTS_NAME, StageRecord, write_record
from tests.submissions.results_files import NAMES, VALUES, write_measured

FIGURES = {"epochs": 2, "seconds": 1.5, "train_r2": 0.7, "spikes_per_second": 5.0}
TASK = "primate-reaching/1"


def _candidate(
    folder: Path,
    variant: str,
    validation: float,
    noise: float,
    recordings: Sequence[str] = NAMES[:2],
    suffix: str = "",
) -> Candidate:
    """A variant of one seed, trained and measured on some recordings."""
    decoders = []
    for recording in recordings:
        stage = folder / variant / recording
        stage.mkdir(parents=True)
        (stage / WEIGHTS_NAME).write_bytes(b"weights")
        record = StageRecord(
            {"stage": "half"},
            digest(stage / WEIGHTS_NAME),
            FIGURES | {"validation_r2": validation},
            {},
        )
        write_record(stage, record)
        number = NAMES.index(recording)
        # Named by the variant, so that the variants err by other random numbers.
        write_measured(stage, variant, NAMES[: number + 1], noise, seeds=1, suffix=suffix)
        results = stage / f"results_{variant}_{recording}{suffix}.json"
        path = provenance_path(results)
        content = json.loads(path.read_text())
        [run] = content["runs"]
        run["checkpoint"] |= {"seed": 1, "weights_sha256": "ab" * 32}
        run["metrics"] = {**VALUES, "r2": json.loads(results.read_text())["r2"][0]}
        run["data"] = {"twin": {"seed": 1} if suffix else None}
        path.write_text(json.dumps(content))
        decoders.append((stage, results))
    return Candidate("net", variant, tuple(decoders), TASK, "net")


def _ranked(folder: Path, *candidates: Candidate) -> tuple[list[dict[str, Any]], list[str]]:
    RankingWork(candidates, folder / "ranking")()
    table = read_ranking(folder / "ranking")
    return records(table), list(table.notes)


def test_the_winner_is_chosen_on_validation_and_tested_on_the_test_set(tmp_path: Path) -> None:
    rows, notes = _ranked(
        tmp_path,
        _candidate(tmp_path, "a", validation=0.5, noise=0.2),
        _candidate(tmp_path, "b", validation=0.6, noise=0.8),
    )
    assert [row["variant"] for row in rows] == ["b", "a"]
    for row in rows:
        assert row["test_interval"]["low"] < row["test_r2"] < row["test_interval"]["high"]
    [said] = [note for note in notes if note.startswith("Chosen on validation: net b, test R2")]
    assert "On the test set: net b decodes worse than net a on these recordings" in said
    assert "Of two sessions the smallest p is 0.500" in said
    assert "TWINS" not in said


def test_of_twins_it_says_so(tmp_path: Path) -> None:
    both = [_candidate(tmp_path, name, 0.5, 0.5, NAMES[:1], "-twin-seed1") for name in "ab"]
    _, notes = _ranked(tmp_path, *both)
    assert "No difference can be claimed" in notes[-1]
    assert "TWINS, which say nothing of a brain" in notes[-1]


def test_twins_and_real_recordings_are_not_pooled(tmp_path: Path) -> None:
    real = _candidate(tmp_path / "real", "a", 0.5, 0.5, NAMES[:1])
    twin = _candidate(tmp_path / "twin", "a", 0.5, 0.5, NAMES[:1], "-twin-seed1")
    mixed = Candidate("net", "a", real.decoders + twin.decoders, TASK, "net")
    rows, notes = _ranked(tmp_path, mixed)
    assert rows[0]["test_interval"] is None
    assert not any("Chosen" in note for note in notes)


def test_a_variant_alone_has_its_interval(tmp_path: Path) -> None:
    rows, notes = _ranked(tmp_path, _candidate(tmp_path, "a", 0.5, 0.5, NAMES[:1]))
    assert rows[0]["test_interval"]["low"] < rows[0]["test_r2"]
    assert notes[-1].startswith("Chosen on validation: net a")
    assert "On the test set" not in notes[-1]


def test_rankings_of_earlier_versions_have_dashes(tmp_path: Path) -> None:
    _ranked(tmp_path, _candidate(tmp_path, "a", 0.5, 0.5))
    path = tmp_path / "ranking" / "ranking.json"
    [row] = json.loads(path.read_text())
    old = {
        key: value for key, value in row.items() if key not in ("test_low", "test_high", "verdict")
    }
    path.write_text(json.dumps([old]))
    [shown] = records(read_ranking(tmp_path / "ranking"))
    assert shown["test_interval"] is None
    assert shown["test_r2"] == pytest.approx(row["test_r2"])


def test_without_errors_reach_by_reach_there_is_a_remedy(tmp_path: Path) -> None:
    both = [_candidate(tmp_path, name, 0.5, 0.5, NAMES[:1]) for name in "ab"]
    for each in both:
        for _, results in each.decoders:
            path = provenance_path(results)
            content = json.loads(path.read_text())
            del content["runs"][0]["blocks"]
            path.write_text(json.dumps(content))
    rows, notes = _ranked(tmp_path, *both)
    assert rows[0]["test_interval"] is None
    assert "measure both again" in notes[-1]
