"""Sums over blocks beside results: written with every measurement, and held against R2."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nbsuite.errors import ResultsError
from nbsuite.statistics.block_errors import block_errors
from nbsuite.statistics.block_record import to_record
from nbsuite.submissions.results.block_errors import block_errors_of

FILE = Path("results_m_indy.json")


def _provenance(seeds: int = 2) -> tuple[dict[str, Any], list[float]]:
    rng = np.random.default_rng(1)
    labels = rng.normal(size=(300, 2))
    each = [
        block_errors(labels, labels + rng.normal(0, 0.5, labels.shape), range(0, 300, 10))
        for _ in range(seeds)
    ]
    runs = [{"blocks": to_record("reaches", one)} for one in each]
    return {"runs": runs}, [float(one.r2()[0]) for one in each]


def test_seeds_in_their_order() -> None:
    provenance, r2 = _provenance(3)
    found = block_errors_of(FILE, provenance, r2)
    assert found is not None
    assert found.errors.shape == (3, 30, 2)
    assert found.r2() == pytest.approx(r2, abs=1e-6)


@pytest.mark.parametrize("runs", [None, [], [{}], [{"blocks": None}], [3], "runs"])
def test_without_them_there_are_none(runs: object) -> None:
    assert block_errors_of(FILE, {"runs": runs}, [0.5]) is None
    assert block_errors_of(FILE, {}, [0.5]) is None


def test_some_are_not_enough() -> None:
    provenance, r2 = _provenance()
    del provenance["runs"][1]["blocks"]
    assert block_errors_of(FILE, provenance, r2) is None


def test_of_other_results_they_are_refused() -> None:
    provenance, r2 = _provenance()
    for others in ([r2[0], r2[1] + 1e-4], r2[:1], r2[::-1]):
        with pytest.raises(ResultsError, match=r"results_m_indy\.provenance\.json tells of errors"):
            block_errors_of(FILE, provenance, others)


def test_of_a_very_bad_decoder_they_are_held_against_its_share_of_errors() -> None:
    """NeuroBench computes in single precision, which tells an R2 of -400 to a few 1e-5."""
    rng = np.random.default_rng(1)
    labels = rng.normal(size=(300, 2))
    one = block_errors(labels, labels + rng.normal(0, 20, labels.shape), range(0, 300, 10))
    provenance = {"runs": [{"blocks": to_record("reaches", one)}]}
    r2 = float(one.r2()[0])
    assert r2 < -300
    assert block_errors_of(FILE, provenance, [r2 * (1 + 1e-6)]) is not None
    with pytest.raises(ResultsError, match="tells of errors that are not"):
        block_errors_of(FILE, provenance, [r2 * (1 + 1e-4)])


def test_on_unlike_data_they_are_refused() -> None:
    provenance, r2 = _provenance()
    steps = provenance["runs"][0]["blocks"]["steps"].split(" ")
    provenance["runs"][0]["blocks"]["steps"] = " ".join(["9", "11", *steps[2:]])
    with pytest.raises(ResultsError, match="unlike data; measure again"):
        block_errors_of(FILE, provenance, r2)


def test_damaged_they_are_refused() -> None:
    provenance, r2 = _provenance()
    provenance["runs"][1]["blocks"]["errors"] = ["1 2"]
    with pytest.raises(ResultsError, match="not equally many; measure again"):
        block_errors_of(FILE, json.loads(json.dumps(provenance)), r2)
