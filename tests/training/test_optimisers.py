"""Optimisers by name: what they do, that runs with them resume, and that old runs stay theirs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from nbsuite.errors import UsageError
from nbsuite.tasks.opening import load_recording
from nbsuite.training.families import model_spec
from nbsuite.training.observer import EpochDone
from nbsuite.training.optimisers import (
    OPTIMISERS,
    expected_memory,
    new_optimiser,
    optimiser_tensors,
)
from nbsuite.training.overrides import override
from nbsuite.training.recipe import OPTIMISER_NAMES, Recipe
from nbsuite.training.run_plan import RunRequest, plan_run, run_plan
from nbsuite.training.stage_task import StageTask

RequestRun = Callable[..., RunRequest]


def test_every_name_has_an_optimiser() -> None:
    assert tuple(OPTIMISERS) == OPTIMISER_NAMES
    with pytest.raises(UsageError, match="one of smorms3, adam, adamw, sgd"):
        override(Recipe(), ["training.optimiser=lion"])


def test_settings_reach_the_optimiser() -> None:
    settings = ["training.eps=1e-8", "training.weight_decay=0.5", "training.momentum=0.25"]
    made = {
        name: new_optimiser(
            [nn.Parameter(torch.ones(1))],
            override(Recipe(), [*settings, f"training.optimiser={name}"]).training,
        ).defaults
        for name in OPTIMISER_NAMES
    }
    assert {made[name]["eps"] for name in ("smorms3", "adam", "adamw")} == {1e-8}
    assert (made["adam"]["weight_decay"], made["adamw"]["weight_decay"]) == (0, 0.5)
    assert made["sgd"]["momentum"] == 0.25


@pytest.mark.parametrize("name", OPTIMISER_NAMES)
def test_the_shapes_of_its_memory_are_known_before(name: str) -> None:
    frozen = nn.Parameter(torch.zeros(5), requires_grad=False)
    parameters = [nn.Parameter(torch.zeros(3, 2)), frozen, nn.Parameter(torch.zeros(4))]
    recipe = override(Recipe(), [f"training.optimiser={name}"]).training
    optimiser = new_optimiser(parameters, recipe)
    for each in parameters:
        each.grad = torch.ones_like(each)
    optimiser.step()
    found = {key: (each.shape, each.dtype) for key, each in optimiser_tensors(optimiser).items()}
    expected = expected_memory(parameters, recipe)
    assert {key: (each.shape, each.dtype) for key, each in expected.items()} == found
    assert {key.partition("/")[0] for key in found} == {"0", "1"}
    assert torch.equal(frozen, torch.zeros(5))


def test_runs_of_the_published_optimiser_are_what_they_were(
    request_run: RequestRun, tiny_recording_path: Path
) -> None:
    recordings = [load_recording(tiny_recording_path)]

    def training(*settings: str) -> Any:
        request = request_run(*settings)
        spec, where = model_spec("tinyRSNN", 96), (request.session,)
        task = StageTask("finetune", spec, request.recipe, 1, where, None, request.compute)
        return task.identity(recordings, None)["recipe"]["training"]

    assert training() == {"lr": 0.002, "eps": 1e-16, "batch": 50, "schedule_epochs": 4}
    assert training("training.optimiser=adam")["optimiser"] == "adam"
    assert training("training.momentum=0.5") != training()


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
def test_an_interrupted_run_resumes_to_the_same_bits(
    name: str, request_run: RequestRun, tmp_path: Path, outcome: Any
) -> None:
    request = request_run(f"training.optimiser={name}", stages=("finetune",))
    other = request_run(
        f"training.optimiser={name}", stages=("finetune",), root=tmp_path / "undisturbed"
    )
    run_plan(plan_run(other))

    def interrupt(event: Any) -> None:
        if isinstance(event, EpochDone) and event.number == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_plan(plan_run(request), interrupt)
    run_plan(plan_run(request))
    assert outcome(request.root) == outcome(other.root)
    learnt = [
        line["loss"]
        for key, lines in outcome(request.root).items()
        if "log" in key
        for line in lines
    ]
    assert learnt[-1] < learnt[0]


def test_the_schedule_alone_sets_the_learning_rate(
    request_run: RequestRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbsuite.training import epochs

    rates: list[float] = []
    original = epochs._train_on

    def record(decoder: Any, optimiser: Any, *arguments: Any) -> Any:
        rates.append(optimiser.param_groups[0]["lr"])
        return original(decoder, optimiser, *arguments)

    monkeypatch.setattr(epochs, "_train_on", record)
    run_plan(plan_run(request_run("training.lr=0.5", stages=("finetune",))))
    assert rates[0] == 0.5
    assert rates[-1] == pytest.approx(0.5 * (1 + 0) / 2)  # epoch 3 of a schedule of 4
