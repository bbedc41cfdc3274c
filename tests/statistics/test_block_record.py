"""Sums over blocks in provenance: kept to a millionth of R2, and read without trust."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsuite.statistics.block_errors import BlockErrors, block_errors
from nbsuite.statistics.block_record import from_record, most_blocks, to_record
from nbsuite.untrusted.fault import FormatFault


def _blocks(outputs: int = 2, scale: float = 1.0, seed: int = 0) -> BlockErrors:
    rng = np.random.default_rng(seed)
    labels = scale * rng.normal(5.0, 1.0, (400, outputs))
    decoded = labels + scale * rng.normal(0, 0.4, labels.shape)
    return block_errors(labels, decoded, [0, 100, 180, 330])


@given(st.integers(1, 4), st.sampled_from([1e-6, 0.3, 1e6]), st.integers(0, 99))
def test_they_come_back(outputs: int, scale: float, seed: int) -> None:
    blocks = _blocks(outputs, scale, seed)
    kind, found = from_record(json.loads(json.dumps(to_record("reaches", blocks))))
    assert kind == "reaches"
    assert found.r2() == pytest.approx(blocks.r2(), abs=1e-6)
    assert found.steps.tolist() == blocks.steps.tolist()
    assert found.same_data(blocks)
    assert np.allclose(found.errors, blocks.errors, rtol=1e-6)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"steps": "100 80 150"}, "not equally many"),
        ({"steps": "100 80.5 150 70"}, "cannot be"),
        ({"steps": "100 0 150 70"}, "cannot be"),
        ({"steps": "-100 80 150 70"}, "cannot be"),
        ({"steps": ""}, "no row of numbers"),
        ({"steps": "1_00 80 150 70"}, "no row of numbers"),
        ({"steps": "nan 80 150 70"}, "no row of numbers"),
        ({"steps": "1e999 80 150 70"}, "too large"),
        ({"steps": "1e29 80 150 70"}, "cannot be"),
        ({"steps": "1e12 80 150 1e13"}, "cannot be"),
        ({"steps": "1 " * 500 + "1"}, "over 501 blocks"),
        ({"steps": "1e 80 150 70"}, "no row of numbers"),
        ({"steps": "1 " * 40_000 + "1"}, "no row of numbers"),
        ({"errors": ["1 2 3 -4", "1 2 3 4"]}, "cannot be"),
        ({"errors": ["1 2 3 4"]}, "not equally many"),
        ({"errors": ["1 2 3 4", "1 2 3"]}, "not equally many"),
        ({"errors": []}, "of no output"),
        ({"errors": ["1"] * 501}, "not equally many"),
        ({"errors": "1 2 3 4"}, "does not fit"),
        ({"squares": ["0 0 0 0", "1 1 1 1"]}, "never change"),
        ({"sums": ["0 0 0 0"] * 2, "squares": ["1e-300 0 0 0"] * 2}, "never change"),
        ({"kind": 3}, "does not fit"),
        ({"more": 3}, "unknown field"),
    ],
)
def test_what_is_none_is_refused(changes: dict[str, Any], fault: str) -> None:
    record = json.loads(json.dumps(to_record("reaches", _blocks()))) | changes
    with pytest.raises(FormatFault, match=fault):
        from_record(record)


@pytest.mark.parametrize("record", [None, [], "1 2", {"kind": "reaches"}])
def test_what_is_no_record_is_refused(record: object) -> None:
    with pytest.raises(FormatFault):
        from_record(record)


def test_of_very_many_outputs_one_block_is_kept() -> None:
    rng = np.random.default_rng(0)
    labels = rng.normal(size=(40, 1500))
    blocks = block_errors(labels, labels + 1.0, [0])
    assert most_blocks(1500) == 1
    assert from_record(to_record("reaches", blocks))[1].same_data(blocks)
