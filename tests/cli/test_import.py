"""`nbsuite data import`, and `nbsuite data info` of what it writes."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner, Result

from nbsuite.cli.main import main
from nbsuite.tasks.opening import load_recording
from tests.data.own_arrays import own_arrays


def nbsuite(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.fixture
def arrays(tmp_path):
    spikes, targets = own_arrays(steps=400, outputs=3)
    trials = [[0, 200], [210, 400]]
    np.savez(tmp_path / "arrays.npz", spikes=spikes.T, targets=targets, trials=trials)
    return spikes, targets


IMPORT = ("data", "import", "arrays.npz", "-o", "mine.h5", "--step", "0.05")


def test_from_arrays_to_figures(arrays, tmp_path):
    spikes, targets = arrays
    result = nbsuite(*IMPORT, "--segments", "trials", "--columns", "0,2", "--units", "deg,N")
    assert result.exit_code == 0, result.output
    for text in (
        "arrays.npz: columns of the spikes are its steps.",
        "mine/1",
        "samples of 50 ms",
        "2 of 9.5 to 10.0 s",
        "deviation of y (N)",
    ):
        assert text in result.output
    recording = load_recording(tmp_path / "mine.h5")
    kept = np.r_[0:200, 210:400]
    np.testing.assert_array_equal(recording.spikes(0, 390), spikes[kept])
    np.testing.assert_array_equal(recording.labels, targets[kept][:, [0, 2]].astype(np.float32))
    again = nbsuite("data", "info", "mine.h5")
    assert again.exit_code == 0
    assert again.output in result.output


def test_as_json(arrays):
    options = ("--names", "a, b,c", "--task", "fingers", "--binary", "--substeps", "5", "--json")
    result = nbsuite(*IMPORT, *options)
    described = json.loads(result.stdout)
    assert described["task"] == "fingers/1"
    assert described["own"]["step"] == pytest.approx(0.01)
    assert described["own"]["largest_count"] == 1
    assert [output["name"] for output in described["own"]["outputs"]] == ["a", "b", "c"]
    assert described["own"]["origin"]["file"] == "arrays.npz"
    assert described["notes"] == ["columns of the spikes are its steps"]
    assert described["splits"][2]["steps"] == 500
    assert json.loads(nbsuite("data", "info", "mine.h5", "--json").stdout) == {
        key: value for key, value in described.items() if key != "notes"
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (("-o", "arrays.npz"), "arrays.npz exists already: replace it with --force"),
        (("--columns", "x"), "--columns is 'x' and has to be numbers between commas"),
        (("--spikes", "spike"), "arrays.npz lacks 'spike': did you mean spikes?"),
        (("--units", "a,b"), "arrays.npz has 3 outputs and 2 units for them: give one for each."),
        (("--names", "a,a,b"), "each with a name of its own"),
        (("--step", "0"), "has a step of 0 s: give seconds, above 0 and at most 60."),
        (("--split", "segments"), "has 1 segments, too few"),
    ],
)
def test_what_cannot_be(arrays, tmp_path, changes, message):
    result = nbsuite(*IMPORT, *changes)
    assert result.exit_code in (1, 2)
    assert message in result.output
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "mine.h5").exists()


def test_no_file_to_write_or_to_read(arrays):
    assert "-o was not given: name the file to write" in nbsuite(*IMPORT[:3]).output
    result = nbsuite("data", "import", "nothing.npz", "-o", "x.h5")
    assert "nothing.npz does not exist: check the path" in result.output
    assert nbsuite("data", "info", "mine.h5").output.startswith("Error: mine.h5 does not exist")
