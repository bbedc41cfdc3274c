"""The record of a task, and the one that is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nbsuite.data.sessions import Session
from nbsuite.data.task import Output, Scale, Task
from nbsuite.errors import UsageError
from nbsuite.protocol import EARLIEST_PROTOCOL, fault_of_protocol
from nbsuite.tasks.known import TASKS
from nbsuite.tasks.opening import load_recording
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING

OWN = Task("my reaches", 3, 0.01, (Output("thumb", "deg per step"), Output("grip", "N")))


def test_the_known_task_is_what_files_without_one_are_of():
    assert PRIMATE_REACHING.protocol == EARLIEST_PROTOCOL == "primate-reaching/1"
    assert TASKS == {"primate-reaching/1": PRIMATE_REACHING}
    assert [output.name for output in PRIMATE_REACHING.outputs] == ["x", "y"]
    assert PRIMATE_REACHING.step == 0.004


def test_people_are_shown_centimetres_a_second():
    assert PRIMATE_REACHING.scales == (Scale(25.0, "cm/s"), Scale(25.0, "cm/s"))
    assert PRIMATE_REACHING.label_unit == "mm per 4 ms"


def test_units_of_ones_own():
    assert OWN.scales == (Scale(100.0, "deg/s"), Scale(1.0, "N"))
    assert OWN.label_unit == ""  # they differ
    assert replace(OWN, outputs=(Output("angle", "deg"),)).label_unit == "deg"
    assert replace(OWN, outputs=(Output("flexion", "deg per step"),)).label_unit == "deg per 10 ms"


def test_pretraining_is_on_the_subjects_sessions_of_as_many_channels():
    a, b, c, d = (
        Session("a", 50, subject="ann"),
        Session("b", 50, subject="ann"),
        Session("c", 60, subject="ann"),
        Session("d", 50, subject="bob"),
    )
    task = replace(OWN, sessions=(b,), other_sessions=(d, c, a))
    assert task.every_session == (a, b, c, d)
    assert task.pretraining(b) == (a, b)
    assert task.pretraining(Session("e", 50, subject="ann")) == ()


@pytest.mark.parametrize("name", ["", "a/b", "..", "line\nbreak", "x" * 300])
def test_impossible_names(name):
    with pytest.raises(UsageError, match="rename it"):
        replace(OWN, name=name)


@pytest.mark.parametrize("text", ["primate-reaching", "x/0", "x/-1", "x/1/2", "/1", "x/1\n"])
def test_what_is_no_protocol(text):
    assert fault_of_protocol(text) is not None


@pytest.mark.parametrize("step", [0.0, -0.01, float("nan"), float("inf")])
def test_impossible_steps(step):
    with pytest.raises(UsageError, match="seconds from one sample to the next"):
        replace(OWN, step=step)


@pytest.mark.parametrize("outputs", [(), (Output("x"), Output("x", "mm")), (Output(""),)])
def test_impossible_outputs(outputs):
    with pytest.raises(UsageError, match="a name of its own"):
        replace(OWN, outputs=outputs)


def test_a_recording_carries_its_task(tiny_recording_path):
    recording = load_recording(tiny_recording_path)
    assert recording.task is PRIMATE_REACHING
    assert recording.outputs == 2
