"""The one rule for all: what a command may do with a file that somebody has made up.

A command either does its work (status 0) or refuses (1, or 2 for what was asked). Refusing, it
prints ``Error:`` and one sentence of at most 500 printable characters as the last line of standard
error; Click's own errors of usage, which are none of the file's, come after two lines of usage.
Lines before it are notes (``Note:``, ``Warning:``, what a long job is at), each printable. It
never prints a traceback or a warning of Python's, control characters, NaN or infinity; takes at
most 10 s and 2 GB; leaves every file that was there as it was, writes nothing outside the output
folder and the cache, nothing at all that it refuses, and leaves no temporary file behind. What it
does write is JSON where the name says so, and pages of its own words.

Where the mutation is harmful by construction (``must_refuse``), status 0 is a fault; where it is
harmless by construction (``expected``), other figures than the sound file's are one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tests.adversarial.child import MEMORY_BYTES, SECONDS, Outcome

LONGEST = 500
_WRITABLE = ("out/", "cache/", "data/twins", "home/")
_LOCK = re.compile(r"(^|/)\.[^/]*\.?lock$|\.lock$")
_NO_NUMBER = re.compile(r"(?<![\w./-])(nan|-?inf|-?Infinity)(?![\w./-])", re.IGNORECASE)
_SIGNS = {
    "Traceback (most recent call last)": "printed a traceback",
    "There is not enough memory": f"asked for more than {MEMORY_BYTES >> 30} GB",
    "a file would be larger than is allowed": "wrote an enormous file",
    "File too large": "wrote an enormous file",
}
_SCRIPTS = ("<script>alert", "javascript:alert")
_PYTHON_WARNING = re.compile(r"^\S+\.py:\d+: \w*Warning", re.MULTILINE)


@dataclass(frozen=True)
class Rule:
    """What is asked of a command in a case besides the rule for all.

    Attributes:
        must_refuse: the file is wrong by construction, so that status 0 is a fault.
        expected: what has to be printed, where the file is harmless by construction.
        leaves_outputs: refusing, it may leave outputs behind, such as runs that were finished.
        silent: refusing, it tells the fault on standard output, as ``data info`` does.
        writable: beginnings of names of files that are the command's own, to be changed at will.
        sound: what a file may hold in the end, by its name; doing its work, the command has to
            leave the first of these.
    """

    must_refuse: bool = False
    expected: bytes | None = None
    leaves_outputs: bool = False
    silent: bool = False
    writable: tuple[str, ...] = ()
    sound: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def faults(
    outcome: Outcome,
    rule: Rule,
    before: Mapping[str, str],
    after: Mapping[str, str],
    outputs: Mapping[str, bytes] | None = None,
) -> list[str]:
    """Everything in which a command breaks the rule; empty where it keeps to it.

    Args:
        outcome: what became of the command.
        rule: what is asked in this case.
        before: everything below the root, as :meth:`tests.adversarial.box.Box.snapshot` has it.
        after: the same after the command.
        outputs: content of the files in the output folder after the command.
    """
    return [
        *_of_ending(outcome, rule),
        *_of_texts(outcome, rule),
        *_of_files(outcome, rule, before, after),
        *(fault for item in sorted((outputs or {}).items()) for fault in _of_output(*item)),
    ]


def _of_ending(outcome: Outcome, rule: Rule) -> Iterator[str]:
    if outcome.status == -14 or outcome.seconds > SECONDS:
        yield f"took longer than {SECONDS:g} s"
    elif outcome.status not in (0, 1, 2):
        yield f"ended with status {outcome.status}"
    if outcome.peak > MEMORY_BYTES:
        yield f"took up {outcome.peak / 1e9:.1f} GB"
    if rule.must_refuse and outcome.status == 0:
        yield "took what is wrong by construction"
    if rule.expected is not None and (outcome.status, outcome.stdout) != (0, rule.expected):
        yield "printed something else than for a sound file"


def _of_texts(outcome: Outcome, rule: Rule) -> Iterator[str]:
    texts = {}
    for name in ("stdout", "stderr"):
        try:
            texts[name] = getattr(outcome, name).decode()
        except UnicodeDecodeError:
            yield f"printed bytes on {name} that are no text"
            texts[name] = getattr(outcome, name).decode(errors="replace")
        lines = texts[name].split("\n")
        if not all(line.isprintable() for line in lines):
            yield f"printed control characters on {name}"
    for sign, fault in _SIGNS.items():
        if sign in texts["stderr"]:
            yield fault
            return
    if _PYTHON_WARNING.search(texts["stderr"]):
        yield "printed a warning of Python's"
    if outcome.status == 0 and (found := _NO_NUMBER.search(texts["stdout"])):
        yield f"printed {found[0]} as a number"
    if outcome.status in (1, 2) and not (rule.silent and outcome.status == 1):
        yield from _of_sentence(texts["stderr"], outcome.status)
    elif "Error:" in texts["stderr"] and outcome.status == 0:
        yield "printed an error and succeeded"


def _of_sentence(text: str, status: int) -> Iterator[str]:
    """The last line, and that it is the only one of its kind."""
    lines = text.rstrip("\n").split("\n")
    sentence = lines[-1].removeprefix("Error: ")
    if sentence == lines[-1]:
        yield "refused without a sentence"
        return
    if sum(line.startswith("Error:") for line in lines) > 1:
        yield "printed several errors"
    if len(sentence) > LONGEST:
        yield f"refused with {len(sentence)} characters"
    if not sentence.rstrip().endswith((".", "?", "!", "'", '"', ")")):
        yield "refused with half a sentence"
    if any(len(line) > 2 * LONGEST for line in lines):
        yield "printed an endless line on stderr"
    if lines[0].startswith("Usage:") and status != 2:
        yield "printed usage for what is no error of usage"


def _of_files(
    outcome: Outcome, rule: Rule, before: Mapping[str, str], after: Mapping[str, str]
) -> Iterator[str]:
    for name, content in before.items():
        if name.startswith(("cache/", *rule.writable)) and name not in rule.sound:
            continue
        if name not in after:
            yield f"removed {name}"
        elif after[name] != content and name not in rule.sound:
            yield f"changed {name}"
    for name in sorted(after.keys() - before.keys()):
        if not name.startswith((*_WRITABLE, *rule.writable)):
            yield f"wrote {name} outside the output folder"
        elif ".part" in name and not name.startswith(rule.writable):
            yield f"left {name} behind"
        elif outcome.status and not rule.leaves_outputs and _is_output(name, after[name]):
            yield f"refused, but wrote {name}"
    for name, contents in rule.sound.items():
        if name in after and after[name] not in contents:
            yield f"put something else into {name}"
        if outcome.status == 0 and after.get(name) != contents[0]:
            yield f"did not put what it should into {name}"


def _is_output(name: str, content: str) -> bool:
    return name.startswith("out/") and content != "folder" and not _LOCK.search(name)


def _of_output(name: str, content: bytes) -> Iterator[str]:
    """What may not stand in files that others will read."""
    if name.endswith(".json"):
        try:
            json.loads(content, parse_constant=_refuse)
        except (ValueError, RecursionError):
            yield f"wrote what is no JSON into {name}"
    if name.endswith((".html", ".svg")):
        text = content.decode(errors="replace")
        if any(sign in text for sign in _SCRIPTS):
            yield f"wrote somebody's script into {name}"
        if not all(line.isprintable() for line in text.replace("\t", " ").split("\n")):
            yield f"wrote control characters into {name}"


def _refuse(constant: str) -> None:
    raise ValueError(constant)
