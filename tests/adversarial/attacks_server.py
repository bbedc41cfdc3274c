"""Downloads from a server whose answers are wrong, beside what earlier ones may have left."""

from __future__ import annotations

from random import Random

from tests.adversarial.box import Place, mark
from tests.adversarial.corpus import Corpus
from tests.adversarial.judge import Rule
from tests.adversarial.kinds import Case
from tests.adversarial.server import CONTENT, SESSION, draw_fault

_FILE = f"data/{SESSION}.mat"
_TAGS = (b'"tag"', b'"\x1b[31m\r\nX: y"', b"\xff" * 20, b"", b'"' + b"t" * 100_000 + b'"')


def make_download(rng: Random, corpus: Corpus, token: str) -> Case:
    """A download, now and then of a file that is there already, or begun."""
    files: dict[str, bytes | Place] = {}
    before = rng.choice(("nothing", "nothing", "nothing", "begun", "foreign part", "foreign file"))
    if before == "begun":
        files[f"{_FILE}.part"] = CONTENT[: rng.randrange(len(CONTENT) + 1)]
    elif before == "foreign part":
        files[f"{_FILE}.part"] = rng.choice((b"x" * 50, CONTENT + b"more", b""))
        files[f"{_FILE}.part.etag"] = rng.choice(_TAGS)
    elif before == "foreign file":
        files[_FILE] = b"another recording"
    force = rng.random() < 0.3
    kept = (mark(b"another recording"),) if before == "foreign file" else ()
    rule = Rule(
        must_refuse=before == "foreign file" and not force,
        writable=("data/",),
        sound={_FILE: (mark(CONTENT), *kept)},
    )
    arguments = ("data", "fetch", SESSION, *(("--force",) if force else ()))
    environment = {"NBSUITE_ZENODO": f"{corpus.server}/{token}"}
    where, fault, _ = draw_fault(token)
    return Case(f"{where}: {fault}, on {before}", files, arguments, rule, environment)
