"""Mutations of submission packages: one member changed, with or without a manifest that fits."""

from __future__ import annotations

import hashlib
import json
from random import Random

from tests.adversarial.box import Files
from tests.adversarial.mutant import Mutant, Mutator, draw
from tests.adversarial.mutate_bytes import mutate_bytes
from tests.adversarial.mutate_json import mutate_json
from tests.adversarial.mutate_safetensors import mutate_safetensors
from tests.adversarial.mutate_toml import mutate_toml
from tests.adversarial.mutate_zip import read_members, write_members

MANIFEST = "manifest.json"
_BY_SUFFIX: dict[str, Mutator] = {
    ".json": mutate_json,
    ".toml": mutate_toml,
    ".safetensors": mutate_safetensors,
}


def mutate_package(content: bytes, rng: Random) -> Mutant:
    """Change one member, and most often the manifest too, so that what is behind it is reached."""
    members = read_members(content)
    name = rng.choice(list(members))
    suffix = f".{name.rpartition('.')[2]}"
    mutator = draw(rng, ((3, _BY_SUFFIX.get(suffix, mutate_bytes)), (1, mutate_bytes)))
    mutant = mutator(members[name], rng)
    assert isinstance(mutant.content, bytes)
    changed = mutant.content != members[name]
    members[name] = mutant.content
    sealed = name != MANIFEST and rng.random() < 0.8
    if sealed:
        _seal(members)
    wrong = mutant.wrong or (changed and not sealed and name != MANIFEST)
    return Mutant(f"{name}{'' if sealed else ' unsealed'}: {mutant.what}", _pack(members), wrong)


def same_weights(content: bytes, _rng: Random) -> Mutant:
    """The weights of one seed as those of two: both are claimed to have been trained."""
    members = read_members(content)
    first, second = (name for name in members if name.endswith(".safetensors"))
    members[second] = members[first]
    _seal(members)
    return Mutant("same weights twice", _pack(members), wrong=True)


def _seal(members: Files) -> None:
    manifest = json.loads(members[MANIFEST])
    manifest["files"] = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in members.items()
        if name != MANIFEST
    }
    members[MANIFEST] = json.dumps(manifest).encode()


def _pack(members: Files) -> bytes:
    return write_members(members)
