"""A stage as a task: what it is made of, as plain values that another process can be sent.

======== ======================= ==========================================
stage    starts from             makes
======== ======================= ==========================================
pretrain random weights          a decoder trained on several sessions
finetune pretrained weights, or  a decoder trained on its session
         random ones
prune    fine-tuned weights      one with as few weights as will do
half     any of the last two     the same in half precision
======== ======================= ==========================================
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from nbsuite.data.recording import Recording
from nbsuite.errors import CheckpointError, UsageError
from nbsuite.models.checkpoint import Checkpoint, load_checkpoint
from nbsuite.models.decoder import DecoderSpec, TrainableDecoder
from nbsuite.models.kinds import new_decoder
from nbsuite.tasks.locate import Location
from nbsuite.tasks.opened import OpenedRecordings
from nbsuite.training.compute import Compute
from nbsuite.training.recipe import Recipe, TrainingRecipe
from nbsuite.training.run_folder import require_recorded

StageName = Literal["pretrain", "finetune", "prune", "half"]
STAGES: tuple[StageName, ...] = ("pretrain", "finetune", "prune", "half")

TO_COME = "weights to come"
"""In an identity, in the place of the digest of weights that are not made yet."""

CODE_VERSION = 1
"""Version of everything that turns a task into weights; a new one makes stages run again."""

_LATER_SETTINGS = ("optimiser", "weight_decay", "momentum")
_TRAINING = ("windows", "dropout", "loss", "regularisation", "augmentation", "training")
_SECTIONS: dict[StageName, tuple[str, ...]] = {
    "pretrain": (*_TRAINING, "initialisation", "pretrain"),
    "finetune": (*_TRAINING, "initialisation", "finetune"),
    "prune": (*_TRAINING, "prune"),
    "half": ("windows",),
}


@dataclass(frozen=True)
class StageTask:
    """Everything that a stage's outcome depends on.

    Attributes:
        stage: the stage.
        spec: the decoder.
        recipe: the hyperparameters, those of other stages included.
        seed: the random seed, 0 or more.
        recordings: the recordings to train on; one, except for pretraining.
        parent: checkpoint to start from; None starts from random weights.
        compute: kernel, device and threads.
        factory: what makes the decoder, as its user named it, where its code is the user's.
    """

    stage: StageName
    spec: DecoderSpec
    recipe: Recipe
    seed: int
    recordings: tuple[Location, ...]
    parent: Path | None
    compute: Compute
    factory: str | None = None

    def load_recordings(self, opened: OpenedRecordings) -> list[Recording]:
        """Load the recordings, and make sure that the decoder fits them.

        Args:
            opened: those that are open already; the others join them.

        Raises:
            DataError: a recording cannot be used.
            UsageError: the decoder has not as many inputs as one of them has channels, or they are
                of other outputs or another step.
        """
        loaded = [opened.load(each) for each in self.recordings]
        for recording in loaded:
            if recording.channels != self.spec.channels:
                raise UsageError(
                    f"{recording.path} has {recording.channels} channels where the decoder has"
                    f" {self.spec.channels} inputs: train on recordings of one subject."
                )
            found = (recording.outputs, recording.task.step)
            if found != (self.spec.outputs, self.spec.step):
                raise UsageError(
                    f"{recording.path} has {found[0]} outputs in steps of {1000 * found[1]:g} ms"
                    f" where the decoder has {self.spec.outputs} in steps of"
                    f" {1000 * self.spec.step:g} ms: train on recordings of one task."
                )
        return loaded

    def new_decoder(self) -> TrainableDecoder:
        """A decoder of the specification, with arbitrary weights.

        Raises:
            UsageError: decoders of its kind cannot be trained.
            DecoderError: the user's code does not make one.
        """
        return make_decoder(self.spec, self.factory)

    def load_checkpoint(self, path: Path) -> Checkpoint:
        """Load a checkpoint of such a decoder.

        Raises:
            CheckpointError: it is missing, damaged, or not of such a decoder.
            DecoderError: the user's code does not make one.
        """
        if self.factory is None:
            return load_checkpoint(path)
        return load_checkpoint(path, lambda spec: make_decoder(spec, self.factory))

    def load_parent(self) -> Checkpoint | None:
        """Load the checkpoint to start from, if any, and make sure that it is of this decoder.

        Raises:
            CheckpointError: it is missing, damaged, of another model or channel count, or not what
                the stage in whose folder it lies ended with.
            TrainingError: the record of that stage is damaged.
        """
        if self.parent is None:
            return None
        require_recorded(self.parent)
        checkpoint = self.load_checkpoint(self.parent)
        found, due = checkpoint.header.spec, self.spec
        if _apart_from_code(found) != _apart_from_code(due):
            raise CheckpointError(
                f"{self.parent} is a {found.name} of {found.channels} channels, from which a"
                f" {due.name} of {due.channels} channels cannot start: choose another file."
            )
        return checkpoint

    def identity(self, recordings: Sequence[Recording], parent: str | None) -> dict[str, Any]:
        """What the outcome is made of, as JSON values.

        Args:
            recordings: the recordings, loaded.
            parent: digest of the weights to start from.
        """
        recipe = self.recipe.to_json()
        sections = {name: recipe[name] for name in _SECTIONS[self.stage]}
        if parent is not None:
            sections.pop("initialisation", None)
        if sections.get("prune", {}).get("rule") == "clean":
            del sections["prune"]["rule"]  # it was the only one when the first runs were made
        for name in _LATER_SETTINGS:  # the first runs were made without
            if sections.get("training", {}).get(name) == getattr(TrainingRecipe(), name):
                del sections["training"][name]
        identity = {
            "code": CODE_VERSION,
            "stage": self.stage,
            "model": {k: v for k, v in self.spec.to_json().items() if k != "factory"},
            "seed": self.seed,
            "recipe": sections,
            "data": [[recording.path.stem, recording.digest] for recording in recordings],
            "compute": {} if self.stage == "half" else self.compute.identity(),
            "parent": parent,
        }
        as_read_again: dict[str, Any] = json.loads(json.dumps(identity))
        return as_read_again


def make_decoder(spec: Any, factory: str | None) -> TrainableDecoder:
    """A decoder to train, with arbitrary weights.

    Args:
        spec: its specification.
        factory: what makes it, as its user named it, where its code is the user's.

    Raises:
        UsageError: decoders of its kind cannot be trained.
        DecoderError: the user's code does not make one.
    """
    if factory is not None:
        from nbsuite.models.factory import load_factory  # which needs NeuroBench
        from nbsuite.models.module_training import trainable_module

        return trainable_module(load_factory(factory), spec)
    decoder = new_decoder(spec).trainable
    if decoder is None:
        raise UsageError(f"{spec.name} cannot be trained by gradient; choose a decoder that can.")
    return decoder


def _apart_from_code(spec: DecoderSpec) -> dict[str, Any]:
    """A decoder's specification without where its code is, which may have changed since."""
    return {k: v for k, v in spec.to_json().items() if k not in ("factory", "source_sha256")}
