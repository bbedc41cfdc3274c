from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from nbsuite.cli.main import main
from nbsuite.models.checkpoint import CheckpointHeader, save_checkpoint
from tests.submissions.report_inputs import write_results, write_stage


def _run(*arguments: object, status: int = 0) -> Result:
    result = CliRunner().invoke(main, ["report", *map(str, arguments)])
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return write_results(tmp_path / "results")


def test_results_runs_and_a_checkpoint(
    tmp_path: Path, results: Path, tiny_recording_path: Path, draw_decoder: Callable[..., Any]
) -> None:
    shutil.copy(tiny_recording_path, tmp_path / tiny_recording_path.name)
    decoder = draw_decoder()
    header = CheckpointHeader(decoder.spec, None, 7)
    (tmp_path / "models").mkdir()
    save_checkpoint(tmp_path / "models" / "my.safetensors", decoder, header)
    shutil.copy(results / "results_mine_indy_20160622_01.json", results / "results_mine_else.json")
    result = _run(
        *(results, "--runs", write_stage(tmp_path / "runs")),
        *("--checkpoints", tmp_path / "models", "-s", tmp_path / tiny_recording_path.name),
    )
    assert result.stdout == ""
    assert "Wrote report.html" in result.stderr
    assert "results_mine_else.json is left out" in result.stderr
    html = Path("report.html").read_text()
    assert 'id="decoding"' in html
    assert "tinyRSNN, seed 7, on" in html
    assert 'id="training"' in html


def test_results_alone(results: Path) -> None:
    _run(results, "-o", "pages/report.html")
    html = Path("pages/report.html").read_text()
    assert 'id="decoding"' not in html
    assert 'id="training"' not in html


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["none"], 1, "There are no results at none"),
        (["results", "-o", "report.pdf"], 2, "a report is HTML"),
        (["results", "--runs", "none"], 1, "none holds no finished training"),
        (["results", "--checkpoints", "none"], 1, "none"),
        (["results", "--checkpoints", "results"], 1, "results holds no checkpoints"),
        (["results", "--session", "I1"], 2, "name them with --checkpoints"),
        ([], 2, "Missing argument"),
    ],
)
def test_requests_that_cannot_be_met(
    results: Path, arguments: list[str], status: int, message: str
) -> None:
    assert message in _run(*arguments, status=status).stderr
    assert list(Path.cwd().glob("*.html")) == []


def test_damaged_provenance(results: Path) -> None:
    path = results / "results_mine_indy_20160622_01.provenance.json"
    path.write_text("[]")
    assert f"{path} is no JSON object" in _run(results, status=1).stderr
