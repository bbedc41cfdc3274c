"""What a command leaves in the end, less what may differ from run to run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

VOLATILE = frozenset({"checksum", "seconds", "windows_per_second", "threads", "time"})
"""Keys of JSON objects whose values are circumstances: times, and what depends on times."""

_PASSING = ("/failures/", "/running/", "/digests/")
"""Parts of names of files that tell of the way, not of the outcome."""


def final_state(folder: Path, prefixes: tuple[str, ...]) -> dict[str, Any]:
    """The content of all files below, by name, comparable between runs.

    Args:
        folder: the box.
        prefixes: the folders in it whose files count.
    """
    found: dict[str, Any] = {}
    for prefix in prefixes:
        for path in sorted((folder / prefix).rglob("*")):
            name = str(path.relative_to(folder))
            if path.is_file() and not name.endswith("lock") and not _is_passing(name):
                found[name] = _content(path)
    return found


def differences(expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """What is missing, stray or other than it should be."""
    return [
        *(f"{name} is missing" for name in sorted(expected.keys() - found.keys())),
        *(f"{name} is stray" for name in sorted(found.keys() - expected.keys())),
        *(
            f"{name} differs"
            for name in sorted(expected.keys() & found.keys())
            if expected[name] != found[name]
        ),
    ]


def _is_passing(name: str) -> bool:
    return any(part in f"/{name}" for part in _PASSING)


def _content(path: Path) -> Any:
    data = path.read_bytes()
    try:
        if path.suffix == ".json":
            return _lasting(json.loads(data))
        if path.suffix == ".jsonl":
            return [_lasting(json.loads(line)) for line in data.splitlines()]
    except ValueError:
        return data
    return data


def _lasting(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lasting(each) for key, each in value.items() if key not in VOLATILE}
    if isinstance(value, list):
        return [_lasting(each) for each in value]
    return value
