"""Mutations of what runs leave behind, as earlier versions wrote it: without digests of the whole.

What is changed behind a digest is refused for the digest; what is behind that has to be sound too.
"""

from __future__ import annotations

import hashlib
import json
from random import Random

from tests.adversarial.mutant import Mutant
from tests.adversarial.mutate_json import mutate_json
from tests.adversarial.mutate_safetensors import join, mutate_safetensors, read_parts


def mutate_unsealed_state(content: bytes, rng: Random) -> Mutant:
    """Change a state that has no digest of its content."""
    header, data = read_parts(content)
    header["__metadata__"] = {
        name: text for name, text in header["__metadata__"].items() if text.startswith("{")
    }
    mutant = mutate_safetensors(join(header, data), rng)
    return Mutant(f"{mutant.what}, unsealed", mutant.content, mutant.wrong)


def mutate_unsealed_record(content: bytes, rng: Random) -> Mutant:
    """Change a stage's record, and let its digests fit."""
    record = json.loads(content)
    record.pop("checksum", None)
    mutant = mutate_json(json.dumps(record).encode(), rng)
    assert isinstance(mutant.content, bytes)
    changed = json.loads(mutant.content)  # what is no JSON is drawn again
    if isinstance(changed, dict) and "identity" in changed:
        identity = json.dumps(changed["identity"], sort_keys=True)
        changed["digest"] = hashlib.sha256(identity.encode()).hexdigest()
    text = json.dumps(changed).encode()
    return Mutant(f"{mutant.what}, unsealed", text, mutant.wrong)
