"""Results over seeds: of runs that differ in their seed alone, whatever they started from."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nbsuite.errors import TrainingError
from nbsuite.models.checkpoint import CheckpointHeader, save_checkpoint
from nbsuite.training.compute import Compute
from nbsuite.training.run_plan import RunPlan, RunRequest, plan_run, run_plan
from nbsuite.training.seeds import finished_seeds, one_of_each, require_alike

RequestRun = Callable[..., RunRequest]
FINETUNE = ("finetune",)
BOTH = ("pretrain", "finetune")


def _run(request: RunRequest) -> RunPlan:
    plan = plan_run(request)
    run_plan(plan)
    return plan


def _seeds(plan: RunPlan) -> list[str]:
    return [path.parents[1].name.rpartition("_")[2] for path in finished_seeds(plan)]


@pytest.fixture
def weights(tmp_path: Path, draw_decoder: Any) -> Path:
    """Weights of nobody's training."""
    decoder, path = draw_decoder(), tmp_path / "start.safetensors"
    save_checkpoint(path, decoder, CheckpointHeader(decoder.spec))
    return path


def test_seeds_of_one_recipe_go_together(request_run: RequestRun) -> None:
    stages = ("pretrain", "finetune", "prune", "half")
    _run(request_run(stages=stages))
    second = plan_run(request_run(stages=stages, seed=2))
    require_alike([second])
    run_plan(second)
    require_alike([second])
    assert _seeds(second) == ["seed1", "seed2"]


def test_another_start_is_no_other_seed(request_run: RequestRun, weights: Path) -> None:
    first = _run(request_run(stages=FINETUNE))
    for request in (
        request_run(stages=FINETUNE, seed=2, pretrained=weights),
        request_run(stages=BOTH, seed=2),
    ):
        plan = plan_run(request)
        message = rf"{first.folder} was made with other weights to start from, and .* --output"
        with pytest.raises(TrainingError, match=message):
            require_alike([plan])
        assert not plan.folder.exists()
        require_alike([plan], force=True)
        run_plan(plan, force=True)
        assert _seeds(plan) == ["seed2"]
        assert _seeds(first) == ["seed1"]
        shutil.rmtree(plan.folder)


def test_the_same_weights_to_start_from_make_seeds(request_run: RequestRun, weights: Path) -> None:
    for seed in (1, 2):
        plan = _run(request_run(stages=FINETUNE, seed=seed, pretrained=weights))
        require_alike([plan])
    assert _seeds(plan) == ["seed1", "seed2"]


@pytest.mark.parametrize(
    ("settings", "fields", "what"),
    [
        ((), {"compute": Compute("reference")}, 'compute.kernel "numba", not "reference"'),
        (("training.lr=0.001",), {}, "training.lr 0.002, not 0.001"),
        (("pretrain.epochs=2",), {}, "pretrain.epochs 1, not 2"),
    ],
)
def test_what_differs_besides_the_seed_is_named(
    request_run: RequestRun, settings: tuple[str, ...], fields: dict[str, Any], what: str
) -> None:
    first = _run(request_run(stages=BOTH))
    plan = plan_run(request_run(*settings, stages=BOTH, seed=2, **fields))
    with pytest.raises(TrainingError) as caught:
        require_alike([plan])
    assert str(caught.value).startswith(f"{first.folder} was made with {what}, and results over")


def test_what_a_stage_does_not_read_makes_no_difference(request_run: RequestRun) -> None:
    _run(request_run(stages=FINETUNE))
    plan = _run(request_run("prune.epochs=7", stages=FINETUNE, seed=2))
    require_alike([plan])
    assert _seeds(plan) == ["seed1", "seed2"]


def test_seeds_of_one_command_start_alike(request_run: RequestRun) -> None:
    _run(request_run(stages=("pretrain",), seed=2))
    plans = [plan_run(request_run(stages=FINETUNE, seed=seed)) for seed in (1, 2)]
    message = rf"{plans[1].folder} would be made with other weights .*, unlike {plans[0].folder}"
    for force in (False, True):
        with pytest.raises(TrainingError, match=message):
            require_alike(plans, force=force)
    assert one_of_each(plans) == plans[:1]


def test_copies_of_runs_are_no_seeds(request_run: RequestRun) -> None:
    plan = _run(request_run(stages=FINETUNE))
    for name in ("-copy", "1", "\u0661"):
        shutil.copytree(plan.folder, plan.folder.with_name(f"{plan.folder.name}{name}"))
    shutil.rmtree(plan.folder.with_name(f"{plan.folder.name}1"))
    assert _seeds(plan) == ["seed1"]


def test_pretraining_alone_has_no_results(request_run: RequestRun) -> None:
    plan = _run(request_run(stages=("pretrain",)))
    require_alike([plan])
    assert one_of_each([plan]) == []
