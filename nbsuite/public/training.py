"""A decoder trained for a recording."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from nbsuite.data.folders import with_home
from nbsuite.data.recording import Recording
from nbsuite.errors import TrainingError, UsageError
from nbsuite.files import ensure_writable
from nbsuite.models.checkpoint import Checkpoint
from nbsuite.observer import Remark
from nbsuite.public.one_or_more import one_or_more
from nbsuite.public.progress import AnyEvent, told
from nbsuite.public.recordings import folder_of, name_of
from nbsuite.tasks.locate import Source
from nbsuite.training import ridge
from nbsuite.training.choices import choose
from nbsuite.training.compute import Compute
from nbsuite.training.order import Order, plan_order
from nbsuite.training.ridge_runs import fit_sessions
from nbsuite.training.run_folder import WEIGHTS_NAME
from nbsuite.training.run_plan import run_plan

Target = str | os.PathLike[str] | Recording


def train(
    model: str,
    recording: Target,
    *,
    name: str | None = None,
    seed: int = 1,
    output: str | os.PathLike[str] = "runs",
    settings: Mapping[str, Any] | None = None,
    stages: str | Sequence[str] | None = None,
    pretrained: str | os.PathLike[str] | None = None,
    pretrain_on: Target | Sequence[Target] = (),
    kernel: str = "auto",
    device: str = "cpu",
    threads: int | None = None,
    data: Source = "auto",
    data_dir: str | os.PathLike[str] | None = None,
    force: bool = False,
    progress: bool | Callable[[AnyEvent], None] = False,
) -> Checkpoint:
    """Train a decoder; stages that are finished are kept, and interrupted ones go on.

    Args:
        model: ``tinyRSNN``, ``bigRSNN``, or ``ridge``, the linear decoder to beat; or what makes a
            decoder of your own, such as ``my_decoder.py:build``, whose code is then run.
        recording: a session's id or name such as ``I1``, a file, or a recording that has one.
        name: what results call a decoder of your own; by default the name of its class.
        seed: the random seed.
        output: the folder of all runs.
        settings: hyperparameters of the recipe and the network by their keys, such as
            ``{"training.lr": 0.001, "model.neurons": 128}``.
        stages: of pretrain, finetune, prune and half those to run; by default those that the
            published decoder went through.
        pretrained: checkpoint to fine-tune from, instead of pretraining.
        pretrain_on: recordings to pretrain on; by default all of the monkey's that are there.
        kernel: ``auto``, ``numba``, ``reference`` or ``triton``.
        device: the torch device.
        threads: threads to compute with; by default torch's number.
        data: real recordings or twins, see :func:`nbsuite.load_recording`.
        data_dir: the folder of recordings, by default the platform's.
        force: train again what lies in the folder but was made with other settings.
        progress: show progress; or a function that is told of it.

    Returns:
        What the last stage ended with.

    Raises:
        UsageError: a model, setting or stage is unknown, they contradict each other, or the model
            is a module instead of the name of what makes it.
        TrainingError: the folder was made with other settings, or training met what is not finite.
        DataError: a recording cannot be used, or is too short.
        OSError: the folder cannot be written, or the disk is full.
    """
    _require_name(model)
    root, texts = with_home(Path(output)), _texts(settings or {})
    threads = threads or torch.get_num_threads()
    with told(progress) as observer:
        if model.lower() == ridge.MODEL:
            place = folder_of(data_dir)
            (job,) = fit_sessions([_target(recording)], texts, data, place, root, observer)
            return job.checkpoint
        choice = choose(model, texts, name)
        if choice.remark:
            observer(Remark(choice.remark))
        order = Order(
            model=choice.model,
            recipe=choice.recipe,
            targets=(_target(recording),),
            seeds=(seed,),
            stages=choice.stages(
                None if stages is None else one_or_more(stages), pretrained=pretrained is not None
            ),
            pretrain_on=tuple(_target(each) for each in one_or_more(pretrain_on)),
            pretrained=None if pretrained is None else with_home(Path(pretrained)),
            compute=Compute(choice.kernel(kernel, device), device, threads),
            data=data,
            data_dir=folder_of(data_dir),
            output=root,
            force=force,
        )
        (plan,) = plan_order(order, observer)
        ensure_writable(root)
        run_plan(plan, observer, force=force)
    _, folder = plan.steps[-1]
    return plan.load_checkpoint(folder / WEIGHTS_NAME)


def _require_name(model: object) -> None:
    """Make sure that a decoder is named, and not handed over as it is.

    Raises:
        UsageError: it is not.
    """
    if not isinstance(model, str):
        raise UsageError(
            f"Training makes a decoder anew for every seed, and takes none that is made, as this "
            f"{type(model).__name__}: pass the name of what makes it, such as "
            "'my_decoder.py:build'."
        )


def _texts(settings: Mapping[str, Any]) -> list[str]:
    """Settings as the command line takes them."""
    return [
        f"{key}={value if isinstance(value, str) else json.dumps(value)}"
        for key, value in settings.items()
    ]


def _target(recording: Target) -> str:
    """A recording as a session's name or a path: training works on files.

    Raises:
        TrainingError: it has no file.
        UsageError: it is no recording.
    """
    if not isinstance(recording, Recording):
        return name_of(recording)
    if not recording.path.is_file():
        raise TrainingError(
            f"The recording {recording.name} is in memory alone, and training goes on from files:"
            " write it with recording.save('mine.h5') first, and pass that."
        )
    return os.fspath(recording.path.absolute())
