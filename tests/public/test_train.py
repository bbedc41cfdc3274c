"""``nbsuite.train``: the same as the command, by one call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import nbsuite
from nbsuite.cli.main import main
from nbsuite.errors import TrainingError, UsageError

SETTINGS = {
    "windows.steps": 50,
    "windows.offset_steps": 25,
    "training.batch": 50,
    "finetune.epochs": 1,
    "training.schedule_epochs": 1,
}


@pytest.fixture(autouse=True)
def _without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes longer than training does here."""
    monkeypatch.setattr("nbsuite.training.stage_run._draw", lambda *_: None)
    monkeypatch.setattr(
        "nbsuite.submissions.results.measuring.draw_job", lambda path, *_: path.touch()
    )


def test_trains_what_the_command_trains(
    tmp_path: Path, tiny_recording_path: Path, capfd: Any
) -> None:
    recording = nbsuite.load_recording(tiny_recording_path)
    options = {"seed": 2, "stages": ["half", "finetune"], "threads": 1}
    folder = tmp_path / "python"
    made = nbsuite.train("tinyRSNN", recording, output=folder, settings=SETTINGS, **options)
    assert capfd.readouterr() == ("", "")
    assert made.path.parent.name == "half"
    assert made.header.seed == 2

    arguments = ["train", "tinyRSNN", "-s", str(tiny_recording_path), "--seed", "2", "-q"]
    arguments += ["--stages", "finetune,half", "--threads", "1", "-o", str(tmp_path / "command")]
    arguments += [part for item in SETTINGS.items() for part in ("--set", "{}={}".format(*item))]
    outcome = CliRunner().invoke(main, arguments)
    assert outcome.exit_code == 0, outcome.output
    (typed,) = (tmp_path / "command").glob("*/half/weights.safetensors")
    assert typed.read_bytes() == made.path.read_bytes()

    events: list[Any] = []
    again = nbsuite.train(
        "tinyRSNN",
        str(tiny_recording_path),
        output=str(folder),
        settings=SETTINGS,
        progress=events.append,
        **options,
    )
    assert again.digest == made.digest
    done = [event for event in events if type(event).__name__ == "StageDone"]
    assert [event.skipped for event in done] == [True, True]
    with pytest.raises(TrainingError, match="was made with"):
        nbsuite.train(
            "tinyRSNN",
            recording,
            output=folder,
            settings=SETTINGS | {"training.lr": 1e-4},
            **options,
        )


def test_the_linear_decoder(tmp_path: Path, tiny_recording_path: Path, capfd: Any) -> None:
    made = nbsuite.train("ridge", tiny_recording_path, output=tmp_path / "runs", progress=True)
    assert made.header.spec.name == "ridge"
    assert "validation R2" in capfd.readouterr().err
    assert nbsuite.benchmark(made, tiny_recording_path).values["r2"] > 0


def test_requests_that_cannot_be_met(tmp_path: Path, tiny_recording_path: Path) -> None:
    for model, options, message in (
        ("tinyRNN", {}, "did you mean"),
        ("tinyRSNN", {"stages": ["fintune"]}, "did you mean finetune"),
        ("tinyRSNN", {"stages": []}, "No stage is named"),
        ("tinyRSNN", {"settings": {"training.lrr": 1}}, "did you mean training.lr"),
    ):
        with pytest.raises(UsageError, match=message):
            nbsuite.train(model, tiny_recording_path, output=tmp_path, **options)


def test_a_recording_in_memory_alone(tmp_path: Path) -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    arrays = rng.poisson(0.1, (4000, 8)), rng.normal(0, 1, (4000, 2)).cumsum(0)
    recording = nbsuite.Recording.from_arrays(*arrays, step=0.02, name="mine")
    with pytest.raises(TrainingError, match="write it with recording"):
        nbsuite.train("ridge", recording, output=tmp_path / "runs")
    saved = recording.save(tmp_path / "mine.h5")
    assert nbsuite.train("ridge", saved, output=tmp_path / "runs").path.is_file()


def test_a_decoder_of_ones_own(tmp_path: Path, tiny_recording_path: Path) -> None:
    code = Path(__file__).parents[1] / "own_decoders" / "leaky.py"
    settings = {"windows.steps": 25, "windows.offset_steps": 25, "finetune.epochs": 1}
    checkpoint = nbsuite.train(
        f"{code}:build", tiny_recording_path, output=tmp_path, settings=settings, name="Ours"
    )
    assert checkpoint.path == tmp_path / "Ours_indy_20990101_01_seed1/finetune/weights.safetensors"
    assert checkpoint.header.spec.name == "Ours"
    run = nbsuite.benchmark(checkpoint, tiny_recording_path, metrics=("r2",))
    assert run.result.task == "primate-reaching/1"
    assert run.result.seed == 1


def test_a_module_that_is_made_is_refused(tmp_path: Path, tiny_recording_path: Path) -> None:
    from torch import nn

    net: Any = nn.Linear(96, 2)
    with pytest.raises(UsageError, match="none that is made, as this Linear: pass the name of"):
        nbsuite.train(net, tiny_recording_path, output=tmp_path)
    assert not any(tmp_path.iterdir())
