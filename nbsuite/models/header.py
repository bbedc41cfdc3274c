"""The header of a checkpoint: what its weights belong to.

Under the metadata key ``nbsuite`` of the safetensors file there is a JSON object::

    {"format": 1, "model": {...}, "session": "indy_20160622_01", "seed": 3,
     "source": null, "recipe": {...}, "trained_on": {...}, "task": "primate-reaching/1"}

``session`` to ``task`` may be missing; fields of later versions are passed over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from nbsuite.models.decoder import DecoderSpec
from nbsuite.models.kinds import spec_from_json
from nbsuite.models.training_data import UNKNOWN, TrainingData
from nbsuite.protocol import EARLIEST_PROTOCOL, fault_of_protocol
from nbsuite.seeds import LARGEST_SEED
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.fields import decode
from nbsuite.untrusted.json_text import parse_json
from nbsuite.untrusted.names import fault_of_name, is_file_name
from nbsuite.untrusted.text import printable

FORMAT = 1
_SHOWN = 100


@dataclass(frozen=True)
class CheckpointHeader:
    """What a checkpoint's weights belong to.

    Attributes:
        spec: the decoder's specification.
        session: name of the session the weights were trained for, if known.
        seed: random seed of the training run, if known.
        source: where converted weights come from (file name, digest, format), if converted.
        recipe: hyperparameters of the training run, if trained here.
        trained_on: the recordings that the weights were trained on, as far as they are known.
        task: the protocol that the weights were trained for.
    """

    spec: DecoderSpec
    session: str | None = None
    seed: int | None = None
    source: Mapping[str, Any] | None = None
    recipe: Mapping[str, Any] | None = None
    trained_on: TrainingData = UNKNOWN
    task: str = EARLIEST_PROTOCOL


@dataclass(frozen=True)
class _Fields:
    """The fields as they stand in the file."""

    format: int
    model: dict[str, Any]
    session: str | None = None
    seed: int | None = None
    source: dict[str, Any] | None = None
    recipe: dict[str, Any] | None = None
    trained_on: Any = None
    task: str = EARLIEST_PROTOCOL


def header_text(header: CheckpointHeader) -> str:
    """A header as it is written; the same header gives the same text.

    Raises:
        FormatFault: it could not be read again.
    """
    values = {
        "format": FORMAT,
        "model": header.spec.to_json(),
        "session": None if header.session is None else printable(header.session),
        "seed": header.seed,
        "source": None if header.source is None else dict(header.source),
        "recipe": None if header.recipe is None else dict(header.recipe),
        "trained_on": header.trained_on.to_json(),
        "task": header.task,
    }
    text = json.dumps(values, sort_keys=True)
    parse_header(written_format(text)[1])
    return text


def written_format(text: str) -> tuple[int, dict[str, Any]]:
    """The format that a header is of, and its fields.

    Raises:
        FormatFault: it is no JSON object that names its format.
    """
    values = parse_json(text)
    if not isinstance(values, dict) or type(values.get("format")) is not int:
        raise FormatFault("does not name its format")
    return values["format"], values


def parse_header(values: dict[str, Any]) -> CheckpointHeader:
    """A header of format 1.

    Raises:
        FormatFault: a field is missing, of another type, or holds what cannot be.
    """
    known = {field.name for field in fields(_Fields)}
    given = decode(_Fields, {key: value for key, value in values.items() if key in known})
    spec = spec_from_json(given.model)
    if fault := fault_of_name(spec.name):
        raise FormatFault(f"names a decoder by what cannot be its name: {fault}")
    if given.session is not None and not is_file_name(given.session):  # named after users' files
        raise FormatFault(f"names the impossible session {given.session[:_SHOWN]!a}")
    if given.seed is not None and not 0 <= given.seed <= LARGEST_SEED:
        raise FormatFault(f"has the impossible seed {given.seed}")
    if (fault := fault_of_protocol(given.task)) is not None:
        raise FormatFault(f"names the task {given.task[:_SHOWN]!a}, which {fault}")
    return CheckpointHeader(
        spec,
        given.session,
        given.seed,
        given.source,
        given.recipe,
        TrainingData.from_json(given.trained_on),
        given.task,
    )
