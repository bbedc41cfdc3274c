"""Sound files under names that nobody would choose, which end up in paths, tables and messages."""

from __future__ import annotations

from random import Random

from tests.adversarial.attacks_results import PACK
from tests.adversarial.corpus import RECORDING, RESULTS, TWIN, WEIGHTS, Corpus
from tests.adversarial.judge import Rule
from tests.adversarial.kinds import Case
from tests.adversarial.mutate_json import TEXTS

_LONGEST = 150
_STRANGE = (*TEXTS, "\udcff\udcfe", "-o", "--json", "*", "$(touch pwned)", "a b", "%00", "~")
_FILES = (
    (RESULTS, f"in/packed/results_{{}}_{TWIN}.json"),
    (RESULTS, f"in/packed/results_tinyRSNN_{TWIN}{{}}.json"),
    (RESULTS, "in/packed/{}.json"),
    (WEIGHTS, "in/{}.safetensors"),
    (RECORDING, "in/indy_{}.mat"),
    ("in/weights.pth", "in/{}.pth"),
    ("in/study.toml", "in/{}.toml"),
)
_READERS = {
    ".json": (
        ("leaderboard", "in/packed", "--twins"),
        ("leaderboard", "in/packed", "--twins", "--format", "csv"),
        ("table", "1", "in/packed", "--twins", "--format", "latex"),
        ("compare", "in/packed", "in/packed"),
        ("report", "in/packed", "-o", "out/report.html"),
        ("report", "{}", "-o", "out/report.html"),
        PACK.arguments,
    ),
    ".safetensors": (
        ("convert", "to-stork", "{}", "-o", "out"),
        ("convert", "stock", "{}", "-o", "out"),
        ("benchmark", "{}", "-s", RECORDING, "-o", "out"),
    ),
    ".mat": (("data", "info", "{}"), ("benchmark", WEIGHTS, "-s", "{}", "-o", "out")),
    ".pth": (("convert", "stork", "{}", "-o", "out"),),
    ".toml": (("sweep", "{}", "--dry-run", "-o", "out"), ("sweep", "status", "{}", "-o", "out")),
}


def make_named(rng: Random, corpus: Corpus, _token: str) -> Case:
    """One file under a strange name, and a command on it or on its folder."""
    (sound, pattern), text = rng.choice(_FILES), rng.choice(_STRANGE)
    text = text.replace("/", "_").replace("\x00", "").replace("\ud800", "\udc80")[:_LONGEST]
    name = pattern.format(text)
    arguments = rng.choice(_READERS[pattern[pattern.rindex(".") :]])
    files = corpus.take("in/packed", "in/submission.toml", RECORDING, WEIGHTS)
    files[name] = corpus.files[sound]
    rule = Rule(silent=arguments[:2] == ("data", "info"))
    return Case(ascii(name), files, tuple(each.format(name) for each in arguments), rule)
