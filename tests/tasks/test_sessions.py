"""The table of sessions and its lookup."""

from __future__ import annotations

import re

import pytest

from nbsuite.data.sessions import PUBLIC_SESSIONS, Session
from nbsuite.errors import UsageError
from nbsuite.tasks.known import find_session
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING


def test_the_challenge_has_six_sessions_in_order() -> None:
    assert [session.id for session in PRIMATE_REACHING.sessions] == [
        "I1",
        "I2",
        "I3",
        "L1",
        "L2",
        "L3",
    ]
    assert [session.channels for session in PRIMATE_REACHING.sessions] == [
        96,
        96,
        96,
        192,
        192,
        192,
    ]


def test_the_digests_are_those_of_neurobench() -> None:
    from neurobench.datasets.primate_reaching import PrimateReaching

    assert {f"{session.name}.mat": session.md5 for session in PRIMATE_REACHING.sessions} == (
        PrimateReaching.md5s
    )


def test_the_record_has_47_sessions_each_once_and_well_named() -> None:
    names = [session.name for session in PUBLIC_SESSIONS]
    assert names == sorted(set(names))
    assert all(re.fullmatch(r"(indy|loco)_201[67]\d{4}_0\d", name) for name in names)
    monkeys = [session.subject for session in PUBLIC_SESSIONS]
    assert (monkeys.count("indy"), monkeys.count("loco")) == (37, 10)


def test_challenge_sessions_keep_their_figures_among_the_public_ones() -> None:
    assert [session for session in PUBLIC_SESSIONS if session.id] == list(PRIMATE_REACHING.sessions)


def test_pretraining_leaves_out_what_has_another_channel_count() -> None:
    indy, loco = (PRIMATE_REACHING.pretraining(find_session(label)) for label in ("I1", "L1"))
    assert (len(indy), len(loco)) == (30, 10)
    assert {session.channels for session in indy} == {96}
    left_out = set(PUBLIC_SESSIONS) - set(indy) - set(loco)
    assert {session.channels for session in left_out} == {192}
    assert all(session.name.startswith("indy_201604") for session in left_out)


@pytest.mark.parametrize(
    "text", ["I1", "i1", " I1 ", "indy_20160622_01", "INDY_20160622_01.mat", "I1.MAT"]
)
def test_a_session_is_found_by_id_or_name(text: str) -> None:
    assert find_session(text) is PRIMATE_REACHING.sessions[0]


@pytest.mark.parametrize("session", PUBLIC_SESSIONS, ids=lambda session: session.name)
def test_every_session_is_found_by_its_name_and_label(session: Session) -> None:
    assert find_session(session.name) is find_session(session.label) is session


@pytest.mark.parametrize(
    ("text", "guess"),
    [("indy_20160622_02", "indy_20160622_01"), ("loco_2017210_03", "loco_20170210_03")],
)
def test_a_near_miss_is_answered_with_a_guess(text: str, guess: str) -> None:
    with pytest.raises(UsageError, match=f"no session '{text}': did you mean .*{guess}"):
        find_session(text)


@pytest.mark.parametrize("text", ["", "nothing like it"])
def test_an_unknown_name_is_answered_with_the_remedy(text: str) -> None:
    with pytest.raises(UsageError, match="nbsuite sessions") as caught:
        find_session(text)
    assert caught.value.exit_code == 2


def test_i4_is_answered_with_the_ids_there_are() -> None:
    with pytest.raises(UsageError, match="I1"):
        find_session("I4")
