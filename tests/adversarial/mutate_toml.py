"""Mutations of TOML: values, keys, and the few constructs that blow up in a parser."""

from __future__ import annotations

import re
from random import Random

from tests.adversarial.mutant import Mutant
from tests.adversarial.mutate_json import TEXTS

_VALUES = (
    "0",
    "-1",
    "1",
    "true",
    "false",
    "nan",
    "-inf",
    "inf",
    "1e999",
    "9" * 30,
    "9" * 5000,
    "0x" + "f" * 4000,
    '""',
    '"auto"',
    "[]",
    "[[]]",
    "{}",
    "{a = 1}",
    "[1, 2]",
    '["a", "a"]',
    '[""]',
    "1979-05-27T07:32:00Z",
    "07:32:00",
    '"0-999999999"',
    '"999999999-0"',
    '"1-1"',
    "[1e2]",
    "[nan]",
    "[-1]",
    '["/dev/zero"]',
    '["../../../escaped.mat"]',
    "{low = nan, high = inf}",
    "{low = 1, high = 1e308, log = true}",
    "[" * 2_000 + "]" * 2_000,
    "[" + "1," * 200_000 + "]",
    "{a = " * 1_000 + "1" + "}" * 1_000,
)
_LINES = (
    "[recipe]\n",
    "[[grid]]\n",
    "[a" + ".a" * 20_000 + "]\n",
    "a" + ".a" * 20_000 + " = 1\n",
    "\n".join(f"[a{'.a' * 200}.b{number}]" for number in range(300)) + "\n",
    "".join(f"key{number} = 1\n" for number in range(20_000)),
    "x = " + '"' + "\\u0041" * 50_000 + '"\n',
    "\x00\n",
    "\x1b[31m = 1\n",
    '"\\u202e" = 1\n',
    "x = '''",
    "= 1\n",
    "\ufeff\n",
    "x = 1 # " + "c" * 1_000_000 + "\n",
)
_ASSIGNMENT = re.compile(rb"^([\w.]+) = (.+)$", re.MULTILINE)


def mutate_toml(content: bytes, rng: Random) -> Mutant:
    """Change a value, a key or a line."""
    found = rng.choice(list(_ASSIGNMENT.finditer(content)))
    key, name = found[1].decode(), rng.choice(("value", "value", "text", "key", "drop", "line"))
    if name == "value":
        value = rng.choice(_VALUES)
        return Mutant(f"value: {key} = {value[:40]}", _replace(content, found, 2, value))
    if name == "text":
        value = _quoted(rng.choice(TEXTS), escape=rng.random() < 0.7)
        value = rng.choice((value, f"[{value}]"))
        return Mutant(f"text: {key} = {value[:40]!a}", _replace(content, found, 2, value))
    if name == "key":
        other = rng.choice((key.upper(), f"{key}.x", f"recipe.{key}", _quoted(rng.choice(TEXTS))))
        return Mutant(f"key: {other[:40]!a} for {key}", _replace(content, found, 1, other))
    if name == "drop":
        return Mutant(f"drop: {key}", content[: found.start()] + content[found.end() :])
    line = rng.choice((*_LINES, found[0].decode() + "\n"))
    at = rng.choice((0, found.start(), len(content)))
    inserted = content[:at] + line.encode() + content[at:]
    return Mutant(f"line: {line[:40]!a} at {at}", inserted)


def _replace(content: bytes, found: re.Match[bytes], group: int, text: str) -> bytes:
    before, after = content[: found.start(group)], content[found.end(group) :]
    return before + text.encode("utf-8", "surrogatepass") + after


def _quoted(text: str, *, escape: bool = True) -> str:
    """A basic string, of which every other character than plain ASCII is escaped."""
    if not escape:
        return f'"{text}"'
    plain = (
        each if each.isascii() and each.isprintable() and each not in '"\\' else _escaped(each)
        for each in text
    )
    return f'"{"".join(plain)}"'


def _escaped(character: str) -> str:
    return f"\\U{ord(character):08X}"
