"""Whether the checkpoints of a submission are those that its results were measured with.

What depends on the weights alone is computed again, by NeuroBench where it has a metric.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from neurobench.models import TorchModel

from nbsuite.benchmarking.metrics import STATIC_METRICS
from nbsuite.errors import PackageError
from nbsuite.models.checkpoint import (
    Checkpoint,
    CheckpointHeader,
    StoredWeights,
    load_checkpoint,
    read_stored,
)
from nbsuite.models.decoder import Decoder
from nbsuite.models.spec import ModelSpec
from nbsuite.models.training_data import TrainingData
from nbsuite.submissions.package.checks import describe_run
from nbsuite.submissions.package.contents import Contents, SessionResults
from nbsuite.submissions.package.json import read_json
from nbsuite.submissions.package.layout import RECIPES
from nbsuite.submissions.package.tensors import check_tensor_file


def check_checkpoints(folder: Path, contents: Contents) -> None:
    """Hold every checkpoint against the results, their provenance and the recipes.

    Raises:
        PackageError, CheckpointError: names the checkpoint and the fault.
    """
    model = contents.submission.model
    recipes = {}
    for each in contents.sessions:
        for index, (name, run) in enumerate(zip(each.checkpoints(model), each.runs, strict=True)):
            check_tensor_file(folder / name, name)
            stored: StoredWeights | Checkpoint
            if contents.has_own_code:
                stored = read_stored(folder / name)
                _check_identity(name, stored, each, run)
                if not stored.finite:
                    raise PackageError(f"{name} holds weights that are NaN or infinite.")
            else:
                stored = load_checkpoint(folder / name)
                _check_identity(name, stored, each, run)
                _check_static(stored, each, index)
            recipes[name] = recipe_of(stored.header)
    found = _read_recipes(folder)
    for name, recipe in recipes.items():
        if found.get(name) != recipe:
            raise PackageError(f"{RECIPES} does not give the recipe that {name} names.")
    if extra := sorted(found.keys() - recipes.keys()):
        raise PackageError(f"{RECIPES} gives a recipe of {extra[0][:200]!a}, which is not there.")


def _check_identity(
    name: str, stored: StoredWeights | Checkpoint, each: SessionResults, run: dict[str, Any]
) -> None:
    header, said = stored.header, run["checkpoint"]
    if stored.digest != said["weights_sha256"]:
        raise PackageError(
            f"{name} is not the checkpoint that {each.origin} names: its weights differ."
        )
    if header.session != each.session.name or said["session"] != each.session.name:
        raise PackageError(
            f"{name} was trained for {header.session}, but measured on {each.session.name}."
        )
    if header.seed != said["seed"]:
        raise PackageError(f"{name} is of seed {header.seed}, but said to be of {said['seed']}.")
    if header.spec.channels != each.session.channels:
        raise PackageError(
            f"{name} decodes {header.spec.channels} channels, where {each.session.label} has "
            f"{each.session.channels}."
        )
    if _as_json(header.spec.to_json()) != said["model"]:
        raise PackageError(f"{name} is another model than {each.origin} says.")
    if header.trained_on != TrainingData.from_json(said.get("trained_on")):
        raise PackageError(f"{name} was trained on other recordings than {each.origin} says.")
    for key, value in recipe_of(header).items():
        if said.get(key) != value:
            raise PackageError(f"{each.origin} gives another {key} than {name} does.")


def _check_static(checkpoint: Checkpoint, each: SessionResults, index: int) -> None:
    """Hold what depends on the weights alone against the results.

    Raises:
        PackageError: names the figure that differs.
    """
    for metric, due in static_figures(checkpoint.decoder).items():
        if each.results[metric][index] != due:
            raise PackageError(
                f"{describe_run(each, each.runs[index])} {metric} ="
                f" {each.results[metric][index]!r}, where its checkpoint has {due!r}."
            )


def static_figures(decoder: Decoder) -> dict[str, float]:
    """What NeuroBench measures of the weights alone.

    Of recurrent spiking decoders, whose layers all act once a step on spikes, the operations of a
    full step are known as well.
    """
    model = TorchModel(decoder)
    figures = {
        "footprint": STATIC_METRICS["footprint"]()(model),
        "connection_sparsity": STATIC_METRICS["connection_sparsity"]()(model),
    }
    if decoder.spec.kind == ModelSpec.kind:
        figures["dense"] = float(sum(each.weight.numel() for each in model.connection_layers()))
        figures["macs"] = 0.0  # spikes are added, never multiplied
    return figures


def recipe_of(header: CheckpointHeader) -> dict[str, Any]:
    """How a checkpoint came to be: trained by a recipe, or converted from a source."""
    fields: dict[str, Any] = _as_json({"recipe": header.recipe, "source": header.source})
    return fields


def _read_recipes(folder: Path) -> dict[str, Any]:
    content = read_json(folder / RECIPES, RECIPES)
    if not isinstance(content, dict):
        raise PackageError(f"{RECIPES} is no JSON object.")
    return content


def _as_json(value: Any) -> Any:
    """As it comes back from a JSON file: lists for tuples, dicts for mappings."""
    return json.loads(json.dumps(value, default=dict))
