from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsuite.errors import LONGEST_MESSAGE, DataError, NbsuiteError
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.text import one_line, printable

ANYTHING = st.text(st.characters())  # surrogates and control characters included


@given(ANYTHING)
def test_printable_keeps_what_is_printable_and_the_length(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown) == len(text)
    assert all(
        a == b or (b == "?" and not a.isprintable()) for a, b in zip(text, shown, strict=True)
    )


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\x07", "\u202e", "\u200f", "\udc80", "\x9b1m"])
def test_what_a_terminal_would_obey_is_not_shown(hostile: str) -> None:
    assert printable(f"a{hostile[0]}b") == "a?b"


@given(ANYTHING, st.integers(10, 300))
def test_one_line_is_printable_and_short(text: str, longest: int) -> None:
    line = one_line(text, longest)
    assert line.isprintable()
    assert len(line) <= longest


def test_one_line_keeps_beginning_and_end() -> None:
    line = one_line(f"begin {'x' * 100_000} end")
    assert line.startswith("begin ")
    assert line.endswith(" end")
    assert len(line) == 200


def test_a_short_line_is_kept_as_it_is() -> None:
    assert one_line("a  path with  spaces") == "a  path with  spaces"
    assert one_line("two\nlines\r\nand\ttabs") == "two lines and tabs"


def test_errors_are_one_printable_line() -> None:
    message = str(DataError(f"no\x1b[31m good\n{'x' * 10_000}: fetch it again."))
    assert message.startswith("no?[31m good x")
    assert message.endswith("fetch it again.")
    assert len(message) == LONGEST_MESSAGE


def test_errors_travel_between_processes() -> None:
    error = pickle.loads(pickle.dumps(DataError("bad\nfile")))
    assert isinstance(error, NbsuiteError)
    assert str(error) == "bad file"


def test_faults_are_one_short_line() -> None:
    assert str(FormatFault("a\x00b" * 1000)).isprintable()
    assert len(str(FormatFault("a\x00b" * 1000))) <= 200
