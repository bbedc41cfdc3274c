"""Hyperparameters set by name, as in ``--set training.lr=0.001``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, get_type_hints

from nbsuite.errors import UsageError
from nbsuite.suggestions import did_you_mean
from nbsuite.training.recipe import Recipe, section_types
from nbsuite.training.settings import Section, parse_value


def key_types() -> dict[str, type]:
    """The type of every hyperparameter by its key, ``section.name``.

    >>> key_types()["training.lr"]
    <class 'float'>
    """
    return {
        key: kind
        for section, cls in section_types().items()
        for key, kind in section_keys(cls, section).items()
    }


def override(recipe: Recipe, settings: Sequence[str]) -> Recipe:
    """The recipe with some hyperparameters set anew; of two settings of one key the last holds.

    Args:
        recipe: the recipe to start from.
        settings: each ``section.key=value``.

    Raises:
        UsageError: a setting has no ``=``, or its key is unknown, or its value is of another
            type or impossible.

    >>> override(Recipe(), ["training.lr=0.001"]).training.lr
    0.001
    """
    return with_values(recipe, parse_settings(settings, key_types()))


def with_values(recipe: Recipe, sections: Mapping[str, Mapping[str, Any]]) -> Recipe:
    """The recipe with some hyperparameters set anew, given by section and name.

    Raises:
        UsageError: a value is impossible.
    """
    # All at once: settings that only fit together may come in any order.
    return replace(
        recipe,
        **{
            section: replace(getattr(recipe, section), **values)
            for section, values in sections.items()
        },
    )


def override_section(section: Section, name: str, settings: Sequence[str]) -> Section:
    """A recipe that is a single section, with some of its hyperparameters set anew.

    Args:
        section: the section to start from.
        name: its name, with which every key begins.
        settings: each ``name.key=value``.

    Raises:
        UsageError: as :func:`override`.
    """
    kinds = section_keys(type(section), name)
    return replace(section, **parse_settings(settings, kinds).get(name, {}))  # type: ignore[type-var]


def section_keys(cls: type, name: str) -> dict[str, type]:
    """The type of every hyperparameter of a section by its key."""
    return {f"{name}.{key}": kind for key, kind in get_type_hints(cls).items()}


def parse_settings(settings: Sequence[str], kinds: dict[str, type]) -> dict[str, dict[str, Any]]:
    """Values by section and name.

    Args:
        settings: each ``section.key=value``; of two of one key the last holds.
        kinds: the type due of each key.

    Raises:
        UsageError: as :func:`override`.
    """
    sections: dict[str, dict[str, Any]] = {}
    for text in settings:
        key, equals, value = text.partition("=")
        key = key.strip()
        if not equals:
            example = key if key in kinds else next(iter(kinds))
            raise UsageError(f"'{text}' sets nothing; write it as key=value, as {example}=...")
        if key not in kinds:
            raise UsageError(f"The recipe has no '{key}'; {_hint(key, kinds)}")
        section, name = key.split(".")
        sections.setdefault(section, {})[name] = parse_value(kinds[key], key, value)
    return sections


def _hint(key: str, known: dict[str, type]) -> str:
    """Keys of the same name in other sections, or else the closest ones."""
    name = key.rpartition(".")[2]
    close = [each for each in known if each.endswith(f".{name}")]
    if close:
        return f"did you mean {' or '.join(close)}?"
    sections = dict.fromkeys(each.split(".")[0] for each in known)
    return did_you_mean(key, known, otherwise=f"its sections are {', '.join(sections)}.")
