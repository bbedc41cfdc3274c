"""The jobs that are killed at any moment: what they are, and what of them has to be the same."""

from __future__ import annotations

from dataclasses import dataclass

from tests.adversarial.box import Files
from tests.adversarial.cached import BESIDE, READING
from tests.adversarial.corpus import NAME, TRAIN, TWIN, Corpus
from tests.adversarial.server import SESSION, SLOWLY

_ARCHIVE = ("in/packed", "--submission", "in/submission.toml", "-o", "out/package.zip")
_RUNS = ("-o", "out/runs")
_WEIGHTS = tuple(f"in/packed/seed{seed}.safetensors" for seed in (1, 2))


@dataclass(frozen=True)
class Storm:
    """A job that is killed, and begun again with the same command, until it is done.

    Attributes:
        name: what it is called.
        share: its part of all kills, relative to the others.
        arguments: of nbsuite.
        beside: beginnings of the names of the files it needs.
        outcome: folders whose files have to come out the same.
        forks: it starts processes of its own, which have to be new ones.
    """

    name: str
    share: int
    arguments: tuple[str, ...]
    beside: tuple[str, ...]
    outcome: tuple[str, ...] = ("out",)
    forks: bool = False

    def files(self, corpus: Corpus) -> Files:
        """What the job finds."""
        found = corpus.take(*self.beside)
        if self.name == "sweep":  # one variant, and results that can be tabled
            study = corpus.files["in/study.toml"].partition(b"[grid]")[0]
            found["in/study.toml"] = study.replace(NAME.encode(), b"twins/" + TWIN.encode())
        return found


def all_storms() -> tuple[Storm, ...]:
    """Every job that writes."""
    recording = f"in/{NAME}.mat"
    stages = "out/runs/pretrain", "out/runs/tinyRSNN_indy_20990101_01_seed1/finetune"
    return (
        Storm("train", 25, (*TRAIN, "--stages", "pretrain,finetune", *_RUNS), (recording,)),
        Storm(
            "prune",
            20,
            (*TRAIN, "--stages", "pretrain,finetune,prune,half", *_RUNS),
            (recording, *stages),
        ),
        Storm(
            "sweep",
            7,
            ("sweep", "in/study.toml", "-o", "out", "--workers", "2", "-q"),
            ("in/twins",),
            forks=True,
        ),
        Storm("fetch", 12, ("data", "fetch", SESSION), (), ("data",)),
        Storm("cache", 12, (*READING, "--force"), BESIDE, ("cache", "out")),
        Storm(
            "benchmark",
            12,
            ("benchmark", *_WEIGHTS, "-s", recording, "-o", "out", "--force"),
            (recording, *_WEIGHTS),
        ),
        Storm(
            "pack",
            12,
            ("submission", "pack", *_ARCHIVE, "--allow-twins", "--partial", "--force"),
            ("in/packed", "in/submission.toml"),
        ),
    )


SERVER_TOKEN = SLOWLY
"""Below which the server's answers are sound, and take their time."""
