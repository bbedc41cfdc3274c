"""Runs from recordings to weights: what they leave behind, and when they do nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from nbsuite.data.twins.generate import write_twin
from nbsuite.errors import CheckpointError, DataError, TrainingError, UsageError
from nbsuite.models.checkpoint import CheckpointHeader, load_checkpoint, save_checkpoint
from nbsuite.tasks.known import find_session
from nbsuite.tasks.locate import Location
from nbsuite.training.compute import Compute
from nbsuite.training.families import configure
from nbsuite.training.observer import BatchDone, EpochDone, StageBegun, StageDone
from nbsuite.training.recipe import Recipe
from nbsuite.training.run_folder import read_record, write_record
from nbsuite.training.run_plan import RunRequest, plan_run, run_plan
from nbsuite.training.seeds import finished_seeds

RequestRun = Callable[..., RunRequest]


def _run(request: RunRequest, observer: Any, *, force: bool = False) -> Path:
    plan = plan_run(request, force=force)
    run_plan(plan, observer, force=force)
    return plan.folder


def _skipped(recorder: Any) -> dict[str, bool]:
    """Of the last run, stage by stage."""
    return {event.stage: event.skipped for event in recorder.of(StageDone)}


def test_all_stages_leave_their_files(
    request_run: RequestRun, recorder: Any, pictures: None
) -> None:
    request = request_run()
    folder = _run(request, recorder)
    assert folder.name == "tinyRSNN_indy_20990101_01_seed1"
    (pretrained,) = (request.root / "pretrain").iterdir()
    assert pretrained.name.startswith("tinyRSNN_indy_seed1_")
    lines = {}
    for stage, place in {
        "pretrain": pretrained,
        **{each: folder / each for each in ("finetune", "prune")},
    }.items():
        names = {path.name for path in place.iterdir()} - {".lock", "pruning.png"}
        assert names == {"weights.safetensors", "stage.json", "log.jsonl", "curves.png"}
        lines[stage] = [json.loads(line) for line in (place / "log.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines["finetune"]] == [1, 2, 3]
    assert [(line["sparsity"], line["epoch"]) for line in lines["prune"]] == [
        (0.4, 1),
        (0.4, 2),
        (0.5, 1),
        (0.5, 2),
    ]
    assert [line["lr"] for line in lines["prune"]] == [0.002, 0.001] * 2
    assert (folder / "prune" / "pruning.png").stat().st_size > 10_000
    begun = [(event.stage, event.epochs, event.done) for event in recorder.of(StageBegun)]
    assert begun == [("pretrain", 1, 0), ("finetune", 3, 0), ("prune", 10, 0), ("half", 0, 0)]
    told = [event.line for event in recorder.of(EpochDone)]
    assert told == [line for stage in lines.values() for line in stage]
    assert [event.number for event in recorder.of(EpochDone)] == [1, 1, 2, 3, 1, 2, 3, 4]
    assert recorder.of(BatchDone)[0].batches > 1


def test_weights_say_what_they_are(request_run: RequestRun, recorder: Any) -> None:
    request = request_run()
    folder = _run(request, recorder)
    (pretrained,) = (request.root / "pretrain").glob("*/weights.safetensors")
    assert load_checkpoint(pretrained).header.session is None
    half = load_checkpoint(folder / "half" / "weights.safetensors")
    assert half.header.session == "indy_20990101_01"
    assert half.header.seed == 1
    assert Recipe.from_json(half.header.recipe or {}) == request.recipe
    assert half.decoder.dtype.itemsize == 2


def test_weights_say_what_they_were_trained_on(
    request_run: RequestRun, recorder: Any, tiny_recording_path: Path, tmp_path: Path
) -> None:
    twin = Location(tmp_path / "indy_20160622_01-twin-seed1.mat", None, twin=True)
    write_twin(find_session("I1"), twin.path, fraction=0.01)
    folder = _run(request_run(pretrain_on=(twin,)), recorder)
    for stage in ("finetune", "prune", "half"):
        trained_on = load_checkpoint(folder / stage / "weights.safetensors").header.trained_on
        assert [each.file for each in trained_on.recordings] == [
            twin.path.name,
            tiny_recording_path.name,
        ]
        assert trained_on.twins == (twin.path.stem,)


def test_of_what_starts_from_converted_weights_not_all_is_known(
    request_run: RequestRun, recorder: Any, draw_decoder: Any, tmp_path: Path
) -> None:
    start = tmp_path / "start.safetensors"
    decoder = draw_decoder()
    save_checkpoint(start, decoder, CheckpointHeader(decoder.spec))
    folder = _run(request_run(stages=("finetune",), pretrained=start), recorder)
    trained_on = load_checkpoint(folder / "finetune" / "weights.safetensors").header.trained_on
    assert len(trained_on.recordings) == 1
    assert trained_on.on_twin is None


def test_training_lowers_the_loss(request_run: RequestRun, recorder: Any) -> None:
    settings = ("windows.steps=100", "training.schedule_epochs=20", "finetune.epochs=20")
    _run(request_run(*settings, "training.lr=0.005", stages=("finetune",)), recorder)
    lines = [event.line for event in recorder.of(EpochDone)]
    assert lines[-1]["loss"] < 0.95 * lines[0]["loss"]
    assert lines[-1]["train_r2"] > lines[0]["train_r2"] + 0.05
    assert lines[-1]["spikes_per_second"] > 0


def test_what_is_finished_and_unchanged_is_skipped(
    request_run: RequestRun, recorder: Any, outcome: Any
) -> None:
    request = request_run()
    _run(request, recorder)
    assert not any(_skipped(recorder).values())
    before = outcome(request.root)
    times = {path: path.stat().st_mtime_ns for path in request.root.rglob("*.safetensors")}
    recorder.events.clear()
    _run(request, recorder)
    assert all(_skipped(recorder).values())
    assert len(_skipped(recorder)) == 4
    assert not recorder.of(EpochDone)
    assert {path: path.stat().st_mtime_ns for path in times} == times
    assert outcome(request.root) == before


def test_another_recipe_is_refused_and_names_the_key(
    request_run: RequestRun, recorder: Any, outcome: Any
) -> None:
    _run(request_run(), recorder)
    before = outcome(request_run().root)
    for setting, key in (
        ("training.lr=0.001", r"training\.lr 0\.002, not 0\.001"),
        ("prune.epochs=1", r"prune\.epochs 2, not 1"),
        ("pretrain.epochs=2", "other weights to start from"),
    ):
        with pytest.raises(TrainingError, match=rf"{key}: choose another folder .* --force"):
            plan_run(request_run(setting))
    with pytest.raises(TrainingError, match=r'compute\.kernel "numba", not "reference"'):
        plan_run(request_run(compute=Compute("reference")))
    assert outcome(request_run().root) == before


def test_threads_change_no_bit_and_nothing_is_done_again_for_them(
    request_run: RequestRun, recorder: Any, outcome: Any, tmp_path: Path
) -> None:
    alone = request_run(compute=Compute(threads=1), root=tmp_path / "alone")
    together = request_run(compute=Compute(threads=3), root=tmp_path / "together")
    for request in (alone, together):
        _run(request, recorder)
    weights = [outcome(request.root) for request in (alone, together)]
    assert len(weights[0]) == 4 + 3 + 4
    assert weights[0] == weights[1]
    recorder.events.clear()
    _run(replace(alone, compute=Compute(threads=3)), recorder)
    assert all(_skipped(recorder).values())


def test_force_trains_again_only_what_a_change_touches(
    request_run: RequestRun, recorder: Any
) -> None:
    _run(request_run(), recorder)
    recorder.events.clear()
    _run(request_run("prune.epochs=1"), recorder, force=True)
    assert _skipped(recorder) == {
        "pretrain": True,
        "finetune": True,
        "prune": False,
        "half": False,
    }
    assert [event.line["epochs"] for event in recorder.of(EpochDone)] == [1, 1]


def test_stages_after_one_that_was_trained_again_follow(
    request_run: RequestRun, recorder: Any
) -> None:
    _run(request_run(), recorder)
    shorter = request_run("finetune.epochs=2")
    _run(replace(shorter, stages=("pretrain", "finetune")), recorder, force=True)
    recorder.events.clear()
    _run(replace(shorter, stages=("prune", "half")), recorder)
    assert _skipped(recorder) == {"prune": False, "half": False}


def test_weights_that_were_lost_are_trained_again(
    request_run: RequestRun, recorder: Any, outcome: Any
) -> None:
    request = request_run(stages=("finetune",))
    folder = _run(request, recorder)
    before = outcome(request.root)
    (folder / "finetune" / "weights.safetensors").write_bytes(b"")
    _run(request, recorder)
    assert outcome(request.root) == before


def test_weights_in_the_midst_of_a_run_that_were_changed_are_trained_again(
    request_run: RequestRun, recorder: Any, outcome: Any
) -> None:
    request = request_run(stages=("finetune", "prune", "half"))
    folder = _run(request, recorder)
    before = outcome(request.root)
    weights = folder / "finetune" / "weights.safetensors"
    _scale(weights)
    recorder.events.clear()
    _run(request, recorder)
    assert _skipped(recorder) == {"finetune": False, "prune": True, "half": True}
    assert outcome(request.root) == before


def _scale(path: Path) -> None:
    """Change weights, and leave the file a checkpoint."""
    checkpoint = load_checkpoint(path)
    with torch.no_grad():
        next(checkpoint.decoder.parameters()).mul_(1.5)
    save_checkpoint(path, checkpoint.decoder, checkpoint.header)


def test_a_stages_weights_that_were_changed_are_not_started_from(
    request_run: RequestRun, recorder: Any
) -> None:
    _run(request_run(stages=("pretrain",)), recorder)
    (weights,) = request_run().root.glob("pretrain/*/weights.safetensors")
    _scale(weights)
    request = request_run(stages=("finetune",), pretrained=weights, root=request_run().root / "2")
    with pytest.raises(CheckpointError, match=f"{weights} was changed since its stage ended"):
        plan_run(request)
    assert not request.root.exists()
    (weights.parent / "stage.json").unlink()
    plan_run(request)


def test_the_file_to_start_from_is_read_once(
    request_run: RequestRun, recorder: Any, tmp_path: Path, draw_decoder: Any
) -> None:
    decoder, weights = draw_decoder(), tmp_path / "start.safetensors"
    save_checkpoint(weights, decoder, CheckpointHeader(decoder.spec))
    digest = load_checkpoint(weights).digest
    plan = plan_run(request_run(pretrained=weights, stages=("finetune", "half")))
    for change in (_scale, Path.unlink):
        change(weights)
        run_plan(plan, recorder)
    record = read_record(plan.folder / "finetune")
    assert record is not None
    assert record.identity["parent"] == digest
    assert _skipped(recorder) == {"finetune": True, "half": True}


def test_what_a_run_left_that_was_killed_at_its_end_is_removed(
    request_run: RequestRun, recorder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = request_run(stages=("finetune",))

    def killed(folder: Path, record: Any) -> None:
        write_record(folder, record)
        raise KeyboardInterrupt

    monkeypatch.setattr("nbsuite.training.stage_run.write_record", killed)
    with pytest.raises(KeyboardInterrupt):
        _run(request, recorder)
    (state,) = request.root.rglob("state.safetensors")
    _run(request, recorder)
    assert _skipped(recorder) == {"finetune": True}
    assert not state.exists()


def test_a_folder_that_cannot_take_the_files_is_refused_before_anything_runs(
    request_run: RequestRun,
) -> None:
    request = request_run(stages=("finetune",))
    (plan_run(request).folder / "finetune" / "curves.png").mkdir(parents=True)
    with pytest.raises(TrainingError, match=r"curves\.png is no regular file"):
        plan_run(request)


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_a_seed_that_results_cannot_have_is_refused(request_run: RequestRun, seed: int) -> None:
    with pytest.raises(UsageError, match=f"{seed} is no seed: it must be 0 to 9223372036854775807"):
        plan_run(request_run(seed=seed))


@pytest.mark.parametrize("threads", [0, -1, 1025, 10**400])
def test_so_many_threads_are_refused(threads: int) -> None:
    with pytest.raises(UsageError, match=r"1 to 1,024 can be used"):
        Compute(threads=threads)


def test_pretraining_is_shared_by_sessions_and_found_again(
    request_run: RequestRun, recorder: Any, tmp_path: Path, draw_recording: Any
) -> None:
    second = draw_recording(seed=3).write(tmp_path / "indy_20990102_01.mat")
    first = request_run().session
    both = (first, Location(second, None, None))
    for session in both:
        recorder.events.clear()
        stages = ("pretrain", "finetune")
        _run(request_run(session=session, stages=stages, pretrain_on=both), recorder)
    assert _skipped(recorder) == {"pretrain": True, "finetune": False}
    (pretrained,) = (request_run().root / "pretrain").iterdir()
    data = json.loads((pretrained / "stage.json").read_text())["identity"]["data"]
    assert [name for name, _digest in data] == ["indy_20990101_01", "indy_20990102_01"]

    alone = plan_run(request_run(seed=1, stages=("finetune",), session=both[1], pretrain_on=()))
    assert alone.steps[0][0].parent == pretrained / "weights.safetensors"
    other = plan_run(request_run(seed=2, stages=("finetune",), session=both[1], pretrain_on=()))
    assert other.steps[0][0].parent is None


def test_fine_tuning_starts_from_the_file_given(
    request_run: RequestRun, recorder: Any, tmp_path: Path, draw_decoder: Any
) -> None:
    decoder, weights = draw_decoder(dtype="float16"), tmp_path / "start.safetensors"
    save_checkpoint(weights, decoder, CheckpointHeader(decoder.spec))
    stages = ("finetune", "prune", "half")
    folder = _run(request_run(pretrained=weights, stages=stages), recorder)
    identity = json.loads((folder / "finetune" / "stage.json").read_text())["identity"]
    assert identity["parent"] == load_checkpoint(weights).digest
    assert "initialisation" not in identity["recipe"]


@pytest.mark.parametrize(
    ("options", "found"),
    [({"channels": 192}, "tinyRSNN of 192"), ({"name": "bigRSNN", "heads": 5}, "bigRSNN of 96")],
)
def test_weights_of_another_decoder_are_refused(
    request_run: RequestRun,
    tmp_path: Path,
    draw_decoder: Any,
    options: dict[str, Any],
    found: str,
) -> None:
    decoder, weights = draw_decoder(**options), tmp_path / "start.safetensors"
    save_checkpoint(weights, decoder, CheckpointHeader(decoder.spec))
    with pytest.raises(CheckpointError, match=f"{found} channels, from which a tinyRSNN of 96"):
        plan_run(request_run(pretrained=weights, stages=("finetune",)))
    assert not request_run().root.exists()


def test_what_cannot_begin_is_refused_before_anything_is_written(
    request_run: RequestRun, tmp_path: Path, draw_recording: Any
) -> None:
    missing = tmp_path / "missing.safetensors"
    wide = Location(draw_recording(channels=192).write(tmp_path / "loco_wide.mat"), None, None)
    refusals: list[tuple[RunRequest, type[Exception], str]] = [
        (request_run(pretrained=missing), UsageError, "nothing to pretrain"),
        (
            request_run(
                model=configure("bigRSNN")[0], stages=("finetune",), compute=Compute("triton")
            ),
            UsageError,
            "at most 128 neurons",
        ),
        (request_run(pretrained=missing, stages=("half",)), UsageError, "add finetune"),
        (request_run(pretrained=missing, stages=("finetune",)), CheckpointError, "no checkpoint"),
        (request_run(stages=("prune",)), TrainingError, "no finished finetune"),
        (request_run(stages=("half",)), TrainingError, "no finished finetune or prune"),
        (request_run("windows.steps=4000"), DataError, "less than one window"),
        (request_run("windows.validation_share=0.00001"), DataError, "to validate on"),
        (request_run("windows.validation_share=0.9"), DataError, "to train on"),
        (request_run(pretrain_on=(wide,)), UsageError, "192 channels where .* 96"),
    ]
    for request, kind, message in refusals:
        with pytest.raises(kind, match=message):
            plan_run(request)
        assert not request.root.exists()


def test_two_runs_do_not_share_a_folder(request_run: RequestRun, recorder: Any) -> None:
    request = request_run(stages=("finetune",))
    plan = plan_run(request)

    def interfere(event: Any) -> None:
        if isinstance(event, EpochDone):
            with pytest.raises(TrainingError, match=f"Another run is at work in {plan.folder}:"):
                run_plan(plan, recorder)
            seen.append(event)

    seen: list[Any] = []
    run_plan(plan, interfere)
    assert len(seen) == 3
    assert not recorder.events


def test_runs_of_one_pretraining_do_not_meet_in_it(request_run: RequestRun, recorder: Any) -> None:
    first = plan_run(request_run(stages=("pretrain",)))
    second = plan_run(request_run())

    def interfere(event: Any) -> None:
        if isinstance(event, EpochDone):
            with pytest.raises(TrainingError, match=r"Another run is at work in .*pretrain"):
                run_plan(second, recorder)

    run_plan(first, interfere)
    assert not recorder.events
    run_plan(second, recorder)


def test_seeds_of_other_settings_are_not_counted_together(
    request_run: RequestRun, recorder: Any
) -> None:
    for seed, settings in ((1, ()), (10, ()), (2, ("finetune.epochs=1",))):
        _run(request_run(*settings, seed=seed, stages=("finetune",)), recorder)
    plan = plan_run(request_run(stages=("finetune",)))
    assert [path.parents[1].name[-6:] for path in finished_seeds(plan)] == ["_seed1", "seed10"]


def test_seeds_differ(request_run: RequestRun, recorder: Any) -> None:
    digests = {
        load_checkpoint(
            _run(request_run(seed=seed, stages=("finetune",)), recorder)
            / "finetune"
            / "weights.safetensors"
        ).digest
        for seed in (1, 2)
    }
    assert len(digests) == 2
