"""Mutations of JSON that are still JSON, or nearly so: types, numbers, depth, keys, characters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any

from tests.adversarial.mutant import Mutant

NOT_FINITE = ("1e999", "-1e999", "NaN", "Infinity", "-Infinity")
HUGE = ("1" + "0" * 400, "-" + "9" * 5000, "1e308", "-1e308", "18446744073709551616", "1e-400")
TEXTS = (
    "../../../escaped",
    "/escaped",
    "..\\..\\escaped",
    "a/b",
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "right\u202eleft",
    "two\nlines",
    "carriage\rreturn",
    "nul\x00l",
    "\ud800",
    "\x85\x9b31m",
    "\u2028",
    "[red]markup[/red]",
    "[/]",
    "<script>alert(1)</script>",
    "{0.__class__}",
    "%s%n",
    "long" * 3000,
    "",
    " ",
    ".",
    "..",
    "con",
    "\N{FULLWIDTH SOLIDUS}",
    "e\u0301" * 50,
)
_VALUES = ("null", "true", "0", "-1", "0.5", '""', "[]", "{}", '"text"', "[[]]", "1e2", "2")
_DEEP = ("[" * 100_000, "[" * 500 + "]" * 500, '{"a":' * 100_000, '{"a":' * 300 + "1" + "}" * 300)
_MARK = "@@raw@@"

Route = tuple[str | int, ...]


def mutate_json(content: bytes, rng: Random) -> Mutant:
    """Change one thing in a JSON document.

    The first word of ``what`` is the class: ``not-finite``, ``huge``, ``text``, ``type``, ``drop``,
    ``extra``, ``deep``, ``repeat``, ``rename`` or ``layout``.
    """
    tree = json.loads(content)
    route = rng.choice(list(_routes(tree)))
    where = ".".join(map(str, route)) or "all"
    name = rng.choice(tuple(_OPERATIONS))
    return Mutant(f"{name}: {where[:60]}", _OPERATIONS[name](tree, route, rng))


def _routes(tree: Any, route: Route = ()) -> Iterator[Route]:
    yield route
    if isinstance(tree, dict | list):
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from _routes(value, (*route, key))


def _put(tree: Any, route: Route, raw: str) -> bytes:
    """The document with raw text in the place of a value."""
    if not route:
        return _encode(raw)
    parent = _at(tree, route[:-1])
    parent[route[-1]] = _MARK
    return _encode(json.dumps(tree).replace(f'"{_MARK}"', raw))


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _at(tree: Any, route: Route) -> Any:
    for key in route:
        tree = tree[key]
    return tree


def _leaf(tree: Any, route: Route, rng: Random) -> Route:
    """A value without parts at or below a place, if there is one."""
    leaves = [
        (*route, *rest)
        for rest in _routes(_at(tree, route))
        if not isinstance(_at(tree, (*route, *rest)), dict | list)
    ]
    return rng.choice(leaves) if leaves else route


def _not_finite(tree: Any, route: Route, rng: Random) -> bytes:
    return _put(tree, _leaf(tree, route, rng), rng.choice(NOT_FINITE))


def _huge(tree: Any, route: Route, rng: Random) -> bytes:
    return _put(tree, _leaf(tree, route, rng), rng.choice(HUGE))


def _text(tree: Any, route: Route, rng: Random) -> bytes:
    text = json.dumps(rng.choice(TEXTS), ensure_ascii=rng.random() < 0.7)
    return _put(tree, _leaf(tree, route, rng), text)


def _type(tree: Any, route: Route, rng: Random) -> bytes:
    return _put(tree, route, rng.choice(_VALUES))


def _drop(tree: Any, route: Route, rng: Random) -> bytes:
    if not route:
        return b"{}"
    del _at(tree, route[:-1])[route[-1]]
    return _encode(json.dumps(tree))


def _extra(tree: Any, route: Route, rng: Random) -> bytes:
    key, value = rng.choice(TEXTS), rng.choice((1, None, "a", [1] * 100))
    parent = _at(tree, route)
    if isinstance(parent, dict):
        parent[key] = value
    elif isinstance(parent, list):
        parent.extend(parent * rng.choice((1, 1, 1000)) or [value])
    else:
        return _put(tree, route, json.dumps({key: value}))
    return _encode(json.dumps(tree))


def _deep(tree: Any, route: Route, rng: Random) -> bytes:
    return _put(tree, route, rng.choice(_DEEP))


def _repeat(tree: Any, route: Route, rng: Random) -> bytes:
    """The same key twice, with another value the second time."""
    parents = [each for each in _routes(tree) if isinstance(_at(tree, each), dict)]
    parent = _at(tree, rng.choice(parents)) if parents else {}
    if not parent:
        return _encode(json.dumps(tree))
    key = rng.choice(list(parent))
    value = json.dumps(parent[key])
    parent[key] = _MARK
    twice = f"{value}, {json.dumps(key)}: {rng.choice((*_VALUES, value))}"
    return _encode(json.dumps(tree).replace(f'"{_MARK}"', twice))


def _rename(tree: Any, route: Route, rng: Random) -> bytes:
    if not route or isinstance(route[-1], int):
        return _put(tree, route, json.dumps(rng.choice(TEXTS)))
    parent = _at(tree, route[:-1])
    parent[rng.choice((*TEXTS, route[-1].upper(), f"{route[-1]} "))] = parent.pop(route[-1])
    return _encode(json.dumps(tree))


def _layout(tree: Any, route: Route, rng: Random) -> bytes:
    """The same content in other clothes; none of them is ours."""
    text = json.dumps(tree)
    return rng.choice(
        (
            b"\xef\xbb\xbf" + text.encode(),
            text.encode("utf-16"),
            text.encode() + b"x",
            text.encode() * 2,
            b" " * 1_000_000 + text.encode(),
            text.encode()[:-1],
            text.replace('"', "'").encode(),
        )
    )


_OPERATIONS = {
    "not-finite": _not_finite,
    "huge": _huge,
    "text": _text,
    "type": _type,
    "drop": _drop,
    "extra": _extra,
    "deep": _deep,
    "repeat": _repeat,
    "rename": _rename,
    "layout": _layout,
}
