"""Decoders of users made ready to be measured: built for a recording, with their weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from torch import Tensor

from nbsuite.benchmarking.jobs import Job
from nbsuite.data.recording import Recording
from nbsuite.errors import DecoderError, UsageError
from nbsuite.models.checkpoint import Checkpoint, weights_digest
from nbsuite.models.factory import Factory
from nbsuite.models.header import CheckpointHeader
from nbsuite.models.module import ModuleDecoder
from nbsuite.models.module_interface import Model
from nbsuite.models.module_run import copy_of
from nbsuite.models.module_spec import ModuleSpec
from nbsuite.models.module_weights import load_weights
from nbsuite.observer import Observer, ignore
from nbsuite.tasks.locate import Source
from nbsuite.tasks.targets import load_target
from nbsuite.untrusted.names import fault_of_name


@dataclass(frozen=True)
class Weights:
    """Weights of a user's decoder.

    Attributes:
        path: the file that they are from.
        tensors: by the names of the module's ``state_dict()``.
        header: what they belong to, where nbsuite wrote the file.
    """

    path: Path
    tensors: Mapping[str, Tensor]
    header: CheckpointHeader | None = None


@dataclass(frozen=True)
class OwnDecoder:
    """A user's decoder, not yet built.

    Attributes:
        factory: what makes it.
        name: what results call it; None for the name of its class.
        weights: weights to load, each a run of its own; none for those that it is made with.
    """

    factory: Factory
    name: str | None = None
    weights: Sequence[Weights] = ()


def plan_own_jobs(
    decoders: Sequence[OwnDecoder],
    sessions: Sequence[str],
    data_dir: Path,
    data: Source = "auto",
    observer: Observer = ignore,
) -> list[Job]:
    """Build decoders for recordings, each of which is loaded once.

    Raises:
        UsageError: no session is named.
        DecoderError: a decoder cannot be made, run or counted.
        DataError: a recording cannot be used.
    """
    wanted = [
        (own, weights, target)
        for own in decoders
        for weights in own.weights or (None,)
        for target in sessions or (_own_session(own, weights),)
    ]
    recordings = {
        target: load_target(target, data_dir, data, observer)
        for target in dict.fromkeys(target for _, _, target in wanted)
    }
    return [
        Job(built_for(own, recordings[target], weights), recordings[target])
        for own, weights, target in wanted
    ]


def _own_session(own: OwnDecoder, weights: Weights | None) -> str:
    """The session that weights were trained for here.

    Raises:
        UsageError: it is not known.
    """
    if weights is None or weights.header is None or weights.header.session is None:
        raise UsageError(
            f"{own.factory.reference} does not say which session it is for; name one with "
            "--session."
        )
    return weights.header.session


def built_for(own: OwnDecoder, recording: Recording, weights: Weights | None = None) -> Checkpoint:
    """A decoder built for a recording; without weights always with the same random ones.

    Raises:
        DecoderError: it cannot be made, run or counted.
    """
    factory, task = own.factory, recording.task
    model, spec = factory.build_untrained(
        own.name, channels=recording.channels, outputs=len(task.outputs), step=task.step
    )
    path = Path(factory.source.name if factory.source else factory.reference)
    if weights is not None:
        model = copy_of(model)
        load_weights(model, weights.tensors, str(weights.path))
        path = weights.path
    told = weights.header if weights is not None else None
    return as_checkpoint(model, spec, recording, path, told)


def as_checkpoint(
    model: Model,
    spec: ModuleSpec,
    recording: Recording,
    path: Path,
    told: CheckpointHeader | None = None,
) -> Checkpoint:
    """A user's module in the form in which decoders are measured.

    Args:
        model: the module, with its weights; it is copied.
        spec: its name and sizes.
        recording: what it is to be measured on.
        path: what messages call it.
        told: what the file of the weights says of them, if it does.

    Raises:
        DecoderError: its name is none, or it cannot be run or counted.
    """
    if fault := fault_of_name(spec.name):
        raise DecoderError(f"The decoder's name {fault}; choose another with --name.")
    decoder = ModuleDecoder(model, spec)
    decoder.origin = str(path)
    header = CheckpointHeader(spec, task=recording.task.protocol)
    if told is not None:
        header = replace(told, spec=spec)
    return Checkpoint(path, header, decoder, weights_digest(decoder), in_file=False)
