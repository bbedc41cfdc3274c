from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.fields import decode


@dataclass(frozen=True)
class Inner:
    size: int


@dataclass(frozen=True)
class Outer:
    name: str
    pair: tuple[float, float]
    inner: Inner | None = None
    others: tuple[Inner, ...] = ()


def test_sound_values() -> None:
    values = {"name": "a", "pair": [1, 2.5], "inner": {"size": 3}, "others": [{"size": 1}]}
    assert decode(Outer, values) == Outer("a", (1.0, 2.5), Inner(3), (Inner(1),))


@pytest.mark.parametrize(
    "change",
    [
        {"name": 1},
        {"name": None},
        {"pair": [1]},
        {"pair": [1, 2, 3]},
        {"pair": [True, 2]},
        {"pair": ["1", "2"]},
        {"inner": {"size": True}},
        {"inner": {"size": 1.5}},
        {"inner": {}},
        {"inner": []},
        {"others": {"size": 1}},
        {"unknown\x1b": 1},
    ],
)
def test_values_that_do_not_fit(change: dict[str, Any]) -> None:
    with pytest.raises(FormatFault):
        decode(Outer, {"name": "a", "pair": [1, 2], **change})


@pytest.mark.parametrize("values", [None, [], "x", 1, {}, {"name": "a"}])
def test_no_record_at_all(values: Any) -> None:
    with pytest.raises(FormatFault):
        decode(Outer, values)
