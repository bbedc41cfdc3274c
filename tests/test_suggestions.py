"""Tests of what an unknown name was perhaps meant to be."""

from __future__ import annotations

import pytest

from nbsuite.suggestions import did_you_mean

MODELS = ("tinyRSNN", "bigRSNN", "SNN2")


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("tinyRNN", "did you mean tinyRSNN?"),
        ("TINYRSN", "did you mean tinyRSNN?"),
        ("snn3", "did you mean SNN2?"),
        ("RSNN", "did you mean SNN2 or bigRSNN or tinyRSNN?"),
        ("ridge", "known are tinyRSNN, bigRSNN, SNN2."),
        ("", "known are tinyRSNN, bigRSNN, SNN2."),
    ],
)
def test_the_closest_names_or_else_all_are_offered(name: str, answer: str) -> None:
    assert did_you_mean(name, MODELS) == answer


def test_at_most_three_names_are_offered() -> None:
    answer = did_you_mean("session", [f"session{number}" for number in range(9)])
    assert answer == "did you mean session0 or session1 or session2?"


def test_the_remedy_can_be_another_when_nothing_is_close() -> None:
    assert did_you_mean("xyz", MODELS, otherwise="see the list.") == "see the list."
    assert did_you_mean("SNN", MODELS, otherwise="see the list.") == "did you mean SNN2?"


def test_nothing_known_is_no_error() -> None:
    assert did_you_mean("xyz", [], otherwise="there are none.") == "there are none."


def test_a_long_name_is_compared_by_its_beginning() -> None:
    assert did_you_mean("x" * 10_000_000, MODELS).startswith("known are")
