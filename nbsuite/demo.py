"""What ``nbsuite demo`` trains and measures: decoders for a short twin, within a minute."""

from __future__ import annotations

from pathlib import Path

import torch

from nbsuite.benchmarking.jobs import Job
from nbsuite.data.recording import Recording
from nbsuite.data.twins.generate import ensure_twin
from nbsuite.models.checkpoint import load_checkpoint, save_checkpoint
from nbsuite.observer import Observer as BaseObserver
from nbsuite.observer import ignore, stage_reporter
from nbsuite.tasks.known import find_session
from nbsuite.tasks.locate import Location
from nbsuite.tasks.opening import load_recording
from nbsuite.training import ridge
from nbsuite.training.compute import Compute
from nbsuite.training.families import configure, find_family
from nbsuite.training.observer import Observer
from nbsuite.training.overrides import override
from nbsuite.training.recipe import Recipe
from nbsuite.training.run_folder import WEIGHTS_NAME
from nbsuite.training.run_plan import RunRequest, plan_run, run_plan

MODEL = "tinyRSNN"
SESSION = "I1"
TWIN_FRACTION = 0.25
TWIN_SEED = 1
SEED = 1
EPOCHS = 40


def demo_recipe(epochs: int = EPOCHS) -> Recipe:
    """The published recipe, hurried: fewer epochs of smaller batches at a higher learning rate."""
    return override(
        find_family(MODEL).recipe,
        [
            f"finetune.epochs={epochs}",
            f"training.schedule_epochs={epochs}",
            "training.batch=50",
            "training.lr=0.005",
        ],
    )


def make_recording(folder: Path, observer: BaseObserver = ignore) -> Recording:
    """Make and load the twin.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    session, report = find_session(SESSION), stage_reporter(observer)
    twin = ensure_twin(session, folder, fraction=TWIN_FRACTION, seed=TWIN_SEED, progress=report)
    report("loading", 0.0)
    return load_recording(twin, session=session)


def train_small(
    folder: Path, recording: Recording, epochs: int = EPOCHS, observer: Observer = ignore
) -> Job:
    """Train a tinyRSNN from random weights, and round it to half precision.

    Raises:
        TrainingError: training met what is not finite.
        OSError: the folder cannot be written, or the disk is full.
    """
    request = RunRequest(
        model=configure(MODEL)[0],
        recipe=demo_recipe(epochs),
        seed=SEED,
        session=Location(recording.path, recording.session, twin=True),
        stages=("finetune", "half"),
        pretrain_on=(),
        pretrained=None,
        compute=Compute(threads=torch.get_num_threads()),
        root=folder,
    )
    plan = plan_run(request, force=True)  # other epochs than last time are no reason to refuse
    run_plan(plan, observer, force=True)
    _, last_folder = plan.steps[-1]
    return Job(load_checkpoint(last_folder / WEIGHTS_NAME), recording)


def fit_ridge(folder: Path, recording: Recording) -> Job:
    """Fit the linear decoder that the spiking one has to beat.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    fitted = ridge.train_ridge(recording)
    path = folder / f"{ridge.MODEL}.safetensors"
    save_checkpoint(path, fitted.decoder, fitted.header)
    return Job(load_checkpoint(path), recording)
