"""The kinds of files that nbsuite reads: what is mutated, how, and which commands then read it."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random

from tests.adversarial.box import Place
from tests.adversarial.corpus import Corpus
from tests.adversarial.judge import Rule
from tests.adversarial.mutant import Mutant, Mutator, draw

_NOT_WRITTEN = (ValueError, TypeError, RuntimeError, OSError, OverflowError, struct.error)


@dataclass(frozen=True)
class Command:
    """A command that reads a file under attack.

    Attributes:
        arguments: of nbsuite, in a box.
        rule: what is asked of it besides the rule for all.
        strict: it looks at the whole file, so that it has to refuse what is wrong.
        weight: how often it is drawn, relative to the others.
    """

    arguments: tuple[str, ...]
    rule: Rule = field(default_factory=Rule)
    strict: bool = True
    weight: int = 1


@dataclass(frozen=True)
class Target:
    """A file under attack.

    Attributes:
        victim: its name in the box.
        mutators: what may become of it, with weights.
        commands: what reads it.
        beside: beginnings of the names of sound files that the commands need.
    """

    victim: str
    mutators: tuple[tuple[int, Mutator], ...]
    commands: tuple[Command, ...]
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        name: what it is called.
        weight: its share of all cases, relative to the others.
        targets: the files of the kind.
    """

    name: str
    weight: int
    targets: tuple[Target, ...]


@dataclass(frozen=True)
class Case:
    """One command on one mutant.

    Attributes:
        kind: the kind's name.
        what: what was done to which file.
        files: all files of the box.
        arguments: of nbsuite.
        rule: what is asked of it.
    """

    kind: str
    what: str
    files: Mapping[str, bytes | Place]
    arguments: tuple[str, ...]
    rule: Rule


def make_case(kind: Kind, number: int, seed: int, corpus: Corpus) -> Case:
    """The case of a number: the same for the same kind, number and seed."""
    rng = Random(f"{seed}/{kind.name}/{number}")
    target = rng.choice(kind.targets)
    command = draw(rng, [(each.weight, each) for each in target.commands])
    mutant = _mutate(target, corpus, rng)
    files: dict[str, bytes | Place] = dict(corpus.take(*target.beside))
    files[target.victim] = mutant.content
    rule = replace(command.rule, must_refuse=mutant.wrong and command.strict)
    what = f"{target.victim.rpartition('/')[2]}: {mutant.what}"
    return Case(kind.name, what, files, command.arguments, rule)


def _mutate(target: Target, corpus: Corpus, rng: Random) -> Mutant:
    """A mutant that is not the sound file."""
    content = corpus.files[target.victim]
    while True:
        try:
            mutant = draw(rng, target.mutators)(content, rng)
        except _NOT_WRITTEN:  # the library that writes such files refuses what was drawn
            continue
        if mutant.content != content:
            return mutant
