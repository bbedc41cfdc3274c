"""Which runs are seeds of one recipe: they differ in their seed and in what follows from it.

What a run was made of is the identity of its last stage, that of the stage before, whose weights it
started from, and so on, as far back as stages are found: in the run's own folder, and among the
pretrainings beside it. Two runs are alike where these are the same but for seeds and for weights
that a stage made. Where a run started from other weights, both must have started from the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nbsuite.errors import TrainingError
from nbsuite.models.checkpoint import digest_in
from nbsuite.training.pretraining import FOLDER_NAME
from nbsuite.training.run_folder import (
    WEIGHTS_NAME,
    Identity,
    first_difference,
    read_record,
    setting_text,
)
from nbsuite.training.run_plan import RunPlan
from nbsuite.training.stage_task import STAGES, TO_COME

Ancestry = Sequence[Identity]
"""Identities of a run's stages, the last first."""

_RULE = "results over seeds are of runs that differ in nothing else"


def require_alike(plans: Sequence[RunPlan], *, force: bool = False) -> None:
    """Make sure that runs whose results go into one list differ in nothing but the seed.

    Args:
        plans: the runs to come, which are compared with each other and with finished ones beside.
        force: leave those beside alone, for they are left out of the results.

    Raises:
        TrainingError: names the first setting that differs; or a run beside is damaged.
    """
    for first, *others in _by_decoder(plans):
        own, folders = _planned(first), {plan.folder for plan in (first, *others)}
        for plan in others:
            if (unlike := _unlike(_planned(plan), own)) is not None:
                raise TrainingError(
                    f"{plan.folder} would be made with {setting_text(*unlike)}, unlike"
                    f" {first.folder}, and {_RULE}: run the stage pretrain too, name what to start"
                    " from with --pretrained, or choose a folder for each with --output."
                )
        for folder in _beside(first):
            found = None if force or folder in folders else _finished(first, folder)
            if found is not None and (unlike := _unlike(found, own)) is not None:
                raise TrainingError(
                    f"{folder} was made with {setting_text(*unlike)}, and {_RULE}: choose another"
                    " folder with --output, give the same settings, or leave that run out"
                    " of the results with --force."
                )


def finished_seeds(plan: RunPlan) -> list[Path]:
    """Checkpoints of all finished runs that differ from a finished one in nothing but the seed.

    Raises:
        TrainingError, CheckpointError: one of them is damaged.
    """
    own = _finished(plan, plan.folder)
    return [
        folder / plan.last_stage / WEIGHTS_NAME
        for folder in _beside(plan)
        if own and (found := _finished(plan, folder)) and _unlike(found, own) is None
    ]


def one_of_each(plans: Sequence[RunPlan]) -> list[RunPlan]:
    """The first plan for each decoder, whatever the seeds, that ends with one."""
    return [first for first, *_ in _by_decoder(plans)]


def _by_decoder(plans: Sequence[RunPlan]) -> list[list[RunPlan]]:
    groups: dict[tuple[Path, str, str], list[RunPlan]] = {}
    for plan in plans:
        if plan.checkpoint is not None:
            groups.setdefault((plan.folder.parent, _stem(plan), plan.last_stage), []).append(plan)
    return list(groups.values())


def _stem(plan: RunPlan) -> str:
    """The folder's name without the seed."""
    return plan.folder.name.removesuffix(str(plan.seed))


def _beside(plan: RunPlan) -> Iterator[Path]:
    """Folders of runs that differ in their seed, this one's own included."""
    root, stem = plan.folder.parent, _stem(plan)
    for folder in sorted(root.iterdir()) if root.is_dir() else ():
        seed = folder.name.removeprefix(stem)
        if folder.name.startswith(stem) and seed.isdecimal() and seed.isascii():
            yield folder


def _planned(plan: RunPlan) -> Ancestry:
    """What a run will be made of."""
    made = {
        folder / WEIGHTS_NAME: (task, identity)
        for (task, folder), identity in zip(plan.steps, plan.identities, strict=True)
    }
    parent: Path | None = plan.steps[-1][1] / WEIGHTS_NAME
    found = []
    while parent in made:
        task, identity = made[parent]
        found.append(identity)
        parent = task.parent
    return _traced(found, plan.folder)


def _finished(plan: RunPlan, folder: Path) -> Ancestry | None:
    """What a run of a plan's stages was made of; None where it is not finished."""
    record = read_record(folder / plan.last_stage)
    return None if record is None else _traced([record.identity], folder)


def _traced(found: list[Identity], folder: Path) -> Ancestry:
    """An ancestry with what is before it, as far as it is to be found."""
    while len(found) < len(STAGES) and found[-1].get("parent") not in (None, TO_COME):
        before = _maker(found[-1]["parent"], found[0].get("seed"), folder)
        if before is None:
            break
        found.append(before)
    return found


def _maker(weights: str, seed: Any, folder: Path) -> Identity | None:
    """The identity of the stage of this seed that made some weights, given by their digest."""
    pretrainings = (folder.parent / FOLDER_NAME).glob(f"*_seed{seed}_*")
    for each in (*(folder / stage for stage in STAGES), *sorted(pretrainings)):
        record = read_record(each)
        if record is None or record.identity.get("seed") != seed:
            continue
        if digest_in(each / WEIGHTS_NAME) == weights:
            return record.identity
    return None


def _unlike(one: Ancestry, other: Ancestry) -> tuple[str, Any, Any] | None:
    """Where two ancestries differ, as :func:`first_difference` tells it; None where they do not."""
    for mine, theirs in zip(one, other, strict=False):
        found = first_difference(_apart_from_seed(mine), _apart_from_seed(theirs))
        if found is not None:
            return found
        if mine.get("parent") == theirs.get("parent") != TO_COME:
            return None
    return "parent", one[-1].get("parent"), other[-1].get("parent")


def _apart_from_seed(identity: Identity) -> Identity:
    """An identity without the seed, and of the weights it started from only whether there were."""
    return {**identity, "seed": None, "parent": None if identity.get("parent") is None else ""}
