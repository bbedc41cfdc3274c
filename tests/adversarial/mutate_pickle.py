"""Mutations of files of torch.save: pickles that run code, tensors that are not what they seem."""

from __future__ import annotations

import pickle
import pickletools
from collections import OrderedDict
from collections.abc import Callable
from io import BytesIO
from random import Random
from typing import Any

import torch

from tests.adversarial.mutant import Mutant
from tests.adversarial.mutate_json import TEXTS
from tests.adversarial.mutate_zip import read_members, write_members

State = dict[str, Any]
_CODE = (
    ("posix", "system", "touch pwned"),
    ("builtins", "exec", "open('pwned', 'w')"),
    ("builtins", "eval", "open('pwned', 'w')"),
    ("os", "mkdir", "pwned"),
    ("torch", "load", "/dev/zero"),
    ("torch.hub", "load_state_dict_from_url", "file:///dev/zero"),
    ("pathlib", "Path.touch", "pwned"),
)


def mutate_pickle(content: bytes, rng: Random) -> Mutant:
    """Change the pickle within the archive, byte by byte or by its opcodes."""
    members = read_members(content)
    (name,) = (each for each in members if each.endswith("data.pkl"))
    what = rng.choice(("opcode", "opcode", "number", "bytes", "code", "global", "deep", "record"))
    if what == "record":
        return _record(members, rng)
    data = bytearray(members[name])
    wrong = False
    if what == "code":
        members[name], wrong = _running(rng), True
    elif what == "deep":
        members[name], wrong = b"\x80\x02" + b"(" * 200_000 + b"t.", True
    elif what == "global":
        module, function, _ = rng.choice(_CODE)
        old = b"ctorch._utils\n_rebuild_tensor_v2\n"
        members[name] = bytes(data).replace(old, f"c{module}\n{function}\n".encode(), 1)
        wrong = True
    else:
        _change(data, what, rng)
        members[name] = bytes(data)
    return Mutant(f"pickle: {what}", write_members(members), wrong)


def mutate_state(content: bytes, rng: Random) -> Mutant:
    """Save another state dict: tensors of other types, strides and layouts; other objects."""
    state = torch.load(BytesIO(content), weights_only=True)
    name = rng.choice(tuple(_STATES))
    stream = BytesIO()
    torch.save(_STATES[name](OrderedDict(state), rng), stream)
    return Mutant(f"state: {name}", stream.getvalue(), wrong=name not in ("same", "float"))


def _change(data: bytearray, what: str, rng: Random) -> None:
    if what == "bytes":
        data[rng.randrange(len(data))] = rng.randrange(256)
        return
    codes = [(code, at) for code, _, at in pickletools.genops(bytes(data)) if at is not None]
    if what == "opcode":
        _, at = rng.choice(codes)
        data[at] = ord(rng.choice(pickletools.opcodes).code)
        return
    numbers = [at for code, at in codes if code.name in ("BININT", "BININT1", "BININT2", "BINPUT")]
    at = rng.choice(numbers)
    size = 4 if data[at : at + 1] == b"J" else 1
    data[at + 1 : at + 1 + size] = rng.choice((b"\xff", b"\x00", b"\x7f", b"\x80")) * size


def _running(rng: Random) -> bytes:
    """A pickle that would run code when it is read freely."""
    module, function, argument = rng.choice(_CODE)
    text = f"c{module}\n{function}\n(S{argument!r}\ntR.".encode()
    return rng.choice((b"", b"\x80\x02")) + text


def _record(members: dict[str, bytes], rng: Random) -> Mutant:
    """Another length, name or content of a storage, or of what stands beside it."""
    name = rng.choice(list(members))
    data = members[name]
    members[name] = rng.choice((b"", data[:-1], data + data, data[: len(data) // 2], b"\xff" * 9))
    wrong = "/data/" in name and len(members[name]) < len(data)
    return Mutant(f"record: {name}", write_members(members), wrong)


def _some(state: State, rng: Random) -> str:
    """A tensor of weights: not one of the single numbers that stand beside them."""
    return rng.choice([key for key, value in state.items() if value.numel() > 1])


def _with(make: Callable[[torch.Tensor, Random], Any]) -> Callable[[State, Random], State]:
    """A state dict with one entry made anew from what it was."""

    def change(state: State, rng: Random) -> State:
        nested = state.get("model_state_dict")
        inner = state if nested is None else nested
        key = _some(inner, rng)
        inner[key] = make(inner[key], rng)
        return state

    return change


def _not_finite(value: torch.Tensor, rng: Random) -> torch.Tensor:
    flat = value.clone().float().flatten()
    flat[rng.randrange(max(flat.numel(), 1))] = rng.choice((torch.nan, torch.inf, -torch.inf))
    return flat.reshape(value.shape).to(value.dtype if value.is_floating_point() else torch.float32)


def _renamed(state: State, rng: Random) -> State:
    inner = state.get("model_state_dict", state)
    key = _some(inner, rng)
    inner[rng.choice((*TEXTS, 5, None))] = inner.pop(key)
    return state


def _huge(value: torch.Tensor, rng: Random) -> torch.Tensor:
    """A tensor of gigabytes in a storage of one number."""
    side = rng.choice((1 << 15, 1 << 20, 1 << 30))
    return torch.zeros(1).as_strided((side, side // 1024), (0, 0))


_STATES: dict[str, Callable[[State, Random], Any]] = {
    "same": lambda state, rng: state,
    "float": _with(lambda value, rng: value * (1 + 1e-3)),
    "not finite": _with(_not_finite),
    "shape": _with(lambda value, rng: value.unsqueeze(0)),
    "transposed": _with(lambda value, rng: torch.zeros(3, 1 + value.numel())),
    "stride 0": _with(_huge),
    "integer": _with(lambda value, rng: torch.zeros(value.shape, dtype=torch.int64)),
    "complex": _with(lambda value, rng: value.to(torch.complex64)),
    "bfloat16": _with(lambda value, rng: value.to(torch.bfloat16)),
    "sparse": _with(lambda value, rng: torch.ones(3, 3).to_sparse()),
    "meta": _with(lambda value, rng: torch.empty(value.shape, device="meta")),
    "quantized": _with(lambda value, rng: value.tolist()),
    "number": _with(lambda value, rng: rng.choice((1, None, "text", b"bytes", {}, [value]))),
    "none": lambda state, rng: {},
    "list": lambda state, rng: [state],
    "tensor": lambda state, rng: torch.zeros(3),
    "renamed": _renamed,
    "extra": lambda state, rng: {**state, rng.choice(TEXTS): torch.zeros(1)},
}


def reduced(content: bytes, rng: Random) -> Mutant:
    """A pickle of Python's own, without torch's archive around it."""
    data = rng.choice((pickle.dumps({"a": 1}), _running(rng), pickle.dumps(content[:100], 0)))
    return Mutant("pickle: bare", data, wrong=True)
