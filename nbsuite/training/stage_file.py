"""The content of ``stage.json``: a stage's record, sealed with digests.

``digest`` is the address of the identity, ``checksum`` a SHA-256 over all the rest; records of
earlier versions have no ``checksum``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.fields import decode, decode_known


@dataclass(frozen=True)
class _Content:
    digest: str
    identity: dict[str, Any]
    weights_file: str
    summary: dict[str, Any]
    versions: dict[str, str]
    checksum: str | None = None


@dataclass(frozen=True)
class _Identity:
    """What may be in an identity, see ``nbsuite.training.stage_task``."""

    code: int = 0
    stage: str = ""
    model: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    recipe: dict[str, dict[str, Any]] = field(default_factory=dict)
    data: tuple[tuple[str, str], ...] = ()
    compute: dict[str, Any] = field(default_factory=dict)
    parent: str | None = None


@dataclass(frozen=True)
class _Summary:
    """Figures that every stage ends with."""

    epochs: int
    seconds: float
    train_r2: float | None
    validation_r2: float | None
    spikes_per_second: float | None
    sparsity: float = 0.0
    batch_r2: float | None = None


def json_digest(values: Mapping[str, Any]) -> str:
    """SHA-256 of JSON values, whatever the order of their keys."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def seal(record: Mapping[str, Any]) -> dict[str, Any]:
    """The content that stands for a record, given as plain values."""
    content = {"digest": json_digest(record["identity"]), **record}
    return {**content, "checksum": json_digest(content)}


def unseal(content: Any) -> dict[str, Any]:
    """The record that some content stands for: the inverse of :func:`seal`.

    Raises:
        FormatFault: the content is of other fields or types, or was changed.
    """
    told = decode(_Content, content)
    rest = {name: value for name, value in content.items() if name != "checksum"}
    if told.checksum is not None and told.checksum != json_digest(rest):
        raise FormatFault("was changed or damaged since it was written, by its checksum")
    if told.digest != json_digest(told.identity):
        raise FormatFault("was changed or damaged since it was written, by its digest")
    decode(_Identity, told.identity)
    if decode_known(_Summary, told.summary).epochs < 0:
        raise FormatFault("tells of fewer than 0 epochs")
    return {name: value for name, value in rest.items() if name != "digest"}
