"""``nbsuite energy``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from nbsuite.cli.main import main
from nbsuite.energy.targets import TARGETS
from nbsuite.models.checkpoint import CheckpointHeader, save_checkpoint
from nbsuite.submissions.results.challenge import provenance_path
from tests.energy.test_estimates import RUN
from tests.submissions.results_files import write_lists


def test_a_decoder_is_measured_and_its_results_tell_the_same(
    tiny_recording_path: Path, draw_decoder: Any, tmp_path: Path
) -> None:
    recording = Path(shutil.copy(tiny_recording_path, tmp_path / tiny_recording_path.name))
    decoder = draw_decoder(dtype="float16", seed=1)
    checkpoint, folder = tmp_path / "weights.safetensors", tmp_path / "results"
    save_checkpoint(checkpoint, decoder, CheckpointHeader(decoder.spec, seed=1))
    run = CliRunner().invoke
    measured = run(main, ["energy", str(checkpoint), "-s", str(recording), "--json"])
    assert measured.exit_code == 0, measured.output
    benchmark = ["benchmark", str(checkpoint), "-s", str(recording), "-o", str(folder)]
    assert run(main, benchmark).exit_code == 0
    recorded = run(main, ["energy", str(folder), "--json"])
    estimates = json.loads(measured.stdout)["estimates"]
    assert [each["target"] for each in estimates] == list(TARGETS)
    assert json.loads(recorded.stdout)["estimates"] == estimates
    shown = run(main, ["energy", str(folder), "-t", "loihi"], env={"COLUMNS": "80"})
    assert "ESTIMATE for Loihi" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["results", "--target", "loihy"], "did you mean loihi?"),
        (["nothing.json"], "There are no results at nothing.json"),
    ],
)
def test_mistakes_are_told_in_a_sentence(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(main, ["energy", *arguments])
    assert result.exit_code != 0
    assert said in result.output
    assert "Traceback" not in result.output


def test_a_column_shows_the_estimate(tmp_path: Path) -> None:
    path = write_lists(tmp_path)
    told = {"results": path.name, "twin": False, "runs": [RUN, RUN]}
    provenance_path(path).write_text(json.dumps(told))
    shown = CliRunner().invoke(
        main, ["leaderboard", str(tmp_path), "--session", "I1", "--columns", "energy"]
    )
    assert shown.exit_code == 0, shown.output
    assert "Energy (nJ, 45 nm CMOS, est.)" in " ".join(shown.stdout.split())
    assert "4.19" in shown.stdout
