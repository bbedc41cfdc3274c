"""What the judge of attacks calls a fault: each with the least that makes it one."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from tests.adversarial.child import MEMORY_BYTES, Outcome
from tests.adversarial.judge import Rule, faults
from tests.adversarial.mutate_json import mutate_json
from tests.adversarial.mutate_toml import mutate_toml

pytestmark = pytest.mark.adversarial

WORKED = Outcome(0, b"R2 0.5\n", b"Note: it works\n", 0.1, 1 << 28)
REFUSED = Outcome(1, b"", b"Error: x.json is empty; write it again.\n", 0.1, 1 << 28)
BEFORE = {"in/x.json": "1", "out/keep.txt": "2", "cache/a": "3"}


def _faults(outcome: Outcome, rule: Rule | None = None, **after: str) -> list[str]:
    names = {name.replace("__", "/"): content for name, content in after.items()}
    return faults(outcome, rule or Rule(), BEFORE, BEFORE | names)


def test_nothing_is_wrong() -> None:
    assert _faults(WORKED, out__new="4", cache__b="5") == []
    assert _faults(REFUSED, Rule(must_refuse=True)) == []
    usage = b"Usage: nbsuite x\nTry 'nbsuite -h'.\n\nError: There is no command 'x'.\n"
    assert _faults(replace(REFUSED, status=2, stderr=usage)) == []
    assert _faults(replace(REFUSED, stderr=b"Note: a\n" + REFUSED.stderr)) == []
    assert faults(WORKED, Rule(), BEFORE, {key: BEFORE[key] for key in list(BEFORE)[:2]}) == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"status": 3}, "ended with status 3"),
        ({"status": -11}, "ended with status -11"),
        ({"status": -14}, "took longer"),
        ({"seconds": 10.5}, "took longer"),
        ({"peak": MEMORY_BYTES + 1}, "took up 2.1 GB"),
        ({"stderr": b"Traceback (most recent call last):\nError: a.\n"}, "traceback"),
        ({"stderr": b"Error: There is not enough memory: close.\n"}, "asked for more than 2 GB"),
        ({"stderr": b""}, "without a sentence"),
        ({"stderr": b"Error: a.\nError: b.\n"}, "several errors"),
        ({"stderr": b"Error: a.\nmore\n"}, "without a sentence"),
        ({"stderr": b"Error: " + 501 * b"x" + b".\n"}, "refused with 502 characters"),
        ({"stderr": b"Error: and then\n"}, "half a sentence"),
        ({"stderr": b"Error: \x1b[31ma.\n"}, "control characters on stderr"),
        ({"stderr": "Error: a\u202eb.\n".encode()}, "control characters on stderr"),
        ({"stderr": b"Error: \xff.\n"}, "bytes on stderr"),
        ({"stderr": b"a.py:3: RuntimeWarning: x\nError: a.\n"}, "warning of Python's"),
        ({"stderr": 1001 * b"x" + b"\nError: a.\n"}, "endless line"),
        ({"stdout": b"\x07"}, "control characters on stdout"),
    ],
)
def test_refusals(changes: dict[str, Any], fault: str) -> None:
    found = _faults(replace(REFUSED, **changes))
    assert len(found) == 1
    assert fault in found[0]


@pytest.mark.parametrize("text", [b"R2 nan\n", b"| -inf |", b'{"r2": NaN}', b"Infinity"])
def test_what_is_no_number(text: bytes) -> None:
    assert "as a number" in _faults(replace(WORKED, stdout=text))[0]
    assert _faults(replace(WORKED, stdout=b"finance in/nan.mat info inf.")) == []


def test_what_must_be_refused_and_what_must_be_the_same() -> None:
    assert _faults(WORKED, Rule(must_refuse=True)) == ["took what is wrong by construction"]
    assert _faults(WORKED, Rule(expected=WORKED.stdout)) == []
    for outcome in (REFUSED, replace(WORKED, stdout=b"R2 0.6\n")):
        assert (
            "something else than for a sound file"
            in _faults(outcome, Rule(expected=b"R2 0.5\n"))[0]
        )


def test_files() -> None:
    assert _faults(WORKED, **{"in__x.json": "9"}) == ["changed in/x.json"]
    assert _faults(WORKED, **{"out__keep.txt": "9"}) == ["changed out/keep.txt"]
    assert _faults(WORKED, pwned="4") == ["wrote pwned outside the output folder"]
    assert _faults(WORKED, **{"../../x": "4"}) == ["wrote ../../x outside the output folder"]
    assert _faults(WORKED, **{"out__.a.part": "4"}) == ["left out/.a.part behind"]
    assert _faults(WORKED, tmp__x="folder") == ["wrote tmp/x outside the output folder"]
    assert _faults(REFUSED, out__new="4") == ["refused, but wrote out/new"]
    assert _faults(REFUSED, Rule(leaves_outputs=True), out__new="4") == []
    assert faults(REFUSED, Rule(), BEFORE, {"cache/a": "3"}) == [
        "removed in/x.json",
        "removed out/keep.txt",
    ]


def test_outputs() -> None:
    sound = {"out/a.json": b"[1]", "out/a.html": b"<p>\ta\n", "out/a.zip": b"\x00"}
    assert faults(WORKED, Rule(), BEFORE, BEFORE, sound) == []
    for name, content in (
        ("out/a.json", b"[NaN]"),
        ("out/a.json", b"[" * 100_000),
        ("out/a.html", b"<script>alert(1)</script>"),
        ("out/a.html", b"\x1b[31m"),
    ):
        (fault,) = faults(WORKED, Rule(), BEFORE, BEFORE, {name: content})
        assert fault.endswith(f"into {name}")


def test_what_a_file_may_hold() -> None:
    rule = Rule(writable=("data/",), sound={"data/x.mat": ("good", "old")})
    before = BEFORE | {"data/x.mat": "old"}
    assert faults(REFUSED, rule, before, before) == []
    assert faults(REFUSED, rule, before, before | {"data/x.mat.part": "1"}) == []
    assert faults(REFUSED, rule, before, BEFORE) == ["removed data/x.mat"]
    assert faults(WORKED, rule, before, BEFORE | {"data/x.mat": "good"}) == []
    assert len(faults(WORKED, rule, before, before)) == 1
    assert "something else" in faults(REFUSED, rule, before, before | {"data/x.mat": "bad"})[0]


@pytest.mark.parametrize("mutate", [mutate_json, mutate_toml])
def test_mutants_are_the_same_again(mutate: Any) -> None:
    content = b'{"a": [1, {"b": "c"}]}' if mutate is mutate_json else b"a = 1\nb = 2\n"
    for seed in range(200):
        assert mutate(content, Random(seed)) == mutate(content, Random(seed))
