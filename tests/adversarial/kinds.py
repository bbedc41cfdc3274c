"""The kinds of things that nbsuite reads, and the cases of each."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from random import Random

from tests.adversarial.box import Place
from tests.adversarial.corpus import Corpus
from tests.adversarial.judge import Rule
from tests.adversarial.mutant import Mutant, Mutator, draw

_NOT_WRITTEN = (ValueError, TypeError, RuntimeError, OSError, OverflowError, struct.error)

_EXISTING = 0.05
"""Share of the cases in which a command's output is there already."""


@dataclass(frozen=True)
class Command:
    """A command that reads a file under attack.

    Attributes:
        arguments: of nbsuite, in a box.
        rule: what is asked of it besides the rule for all.
        strict: it looks at the whole file, so that it has to refuse what is wrong.
        unaffected: it has to print what it prints where the file is sound.
        output: a file that it writes, and must not replace where it is there already.
        weight: how often it is drawn, relative to the others.
    """

    arguments: tuple[str, ...]
    rule: Rule = field(default_factory=Rule)
    strict: bool = True
    unaffected: bool = False
    output: str | None = None
    weight: int = 1


@dataclass(frozen=True)
class Target:
    """A file under attack.

    Attributes:
        victim: its name in the box, or a pattern of names.
        mutators: what may become of it, with weights.
        commands: what reads it.
        beside: beginnings of the names of sound files that the commands need.
    """

    victim: str
    mutators: tuple[tuple[int, Mutator], ...]
    commands: tuple[Command, ...]
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """One command on one mutant.

    Attributes:
        what: what was done to what.
        files: all files of the box.
        arguments: of nbsuite.
        rule: what is asked of it.
        environment: variables besides those of every case.
    """

    what: str
    files: Mapping[str, bytes | Place]
    arguments: tuple[str, ...]
    rule: Rule
    environment: Mapping[str, str] = field(default_factory=dict)


Maker = Callable[[Random, Corpus, str], Case]
"""Draws a case; the text tells the case from all others."""


@dataclass(frozen=True)
class Kind:
    """A kind of thing that is read.

    Attributes:
        name: what it is called.
        weight: its share of all cases, relative to the others.
        make: draws a case.
    """

    name: str
    weight: int
    make: Maker


def make_case(kind: Kind, number: int, seed: int, corpus: Corpus) -> Case:
    """The case of a number: the same for the same kind, number and seed.

    Plain seeded random numbers, not hypothesis: a hundred thousand cases have to be shared among
    processes, and one of them repeated alone.
    """
    return kind.make(Random(f"{seed}/{kind.name}/{number}"), corpus, f"{seed}.{number}")


def of_files(*targets: Target) -> Maker:
    """Cases of files: a target is drawn, then a command and a mutant."""

    def make(rng: Random, corpus: Corpus, _token: str) -> Case:
        target = rng.choice(targets)
        victim = rng.choice([name for name in sorted(corpus.files) if fnmatch(name, target.victim)])
        command = draw(rng, [(each.weight, each) for each in target.commands])
        mutant = _mutate(target, corpus.files[victim], rng)
        files: dict[str, bytes | Place] = dict(corpus.take(*target.beside))
        files[victim] = mutant.content
        wrong = mutant.wrong and command.strict and not command.unaffected
        if is_there := command.output is not None and rng.random() < _EXISTING:
            files[command.output] = b"made before"
        rule = replace(
            command.rule,
            must_refuse=command.rule.must_refuse or wrong or is_there,
            expected=corpus.printed[command.arguments] if command.unaffected else None,
        )
        what = f"{victim.rpartition('/')[2]}: {mutant.what}"
        return Case(what, files, command.arguments, rule)

    return make


def _mutate(target: Target, content: bytes, rng: Random) -> Mutant:
    """A mutant that is not the sound file."""
    while True:
        try:
            mutant = draw(rng, target.mutators)(content, rng)
        except _NOT_WRITTEN:  # the library that writes such files refuses what was drawn
            continue
        if mutant.content != content:
            return mutant
