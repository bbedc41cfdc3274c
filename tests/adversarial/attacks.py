"""All kinds: the list of what is attacked."""

from __future__ import annotations

from random import Random

from tests.adversarial.attacks_server import make_download
from tests.adversarial.cached import BESIDE, READING
from tests.adversarial.corpus import NAME, TRAIN, TWIN
from tests.adversarial.judge import Rule
from tests.adversarial.kinds import Command, Kind, Target, of_files
from tests.adversarial.mutant import Mutant, Mutator
from tests.adversarial.mutate_bytes import mutate_bytes, replace_whole
from tests.adversarial.mutate_cluster import name_another_class
from tests.adversarial.mutate_hdf5 import mutate_hdf5
from tests.adversarial.mutate_json import mutate_json
from tests.adversarial.mutate_npz import mutate_npz
from tests.adversarial.mutate_package import mutate_package, same_weights
from tests.adversarial.mutate_pickle import mutate_pickle, mutate_state, reduced
from tests.adversarial.mutate_safetensors import mutate_safetensors
from tests.adversarial.mutate_toml import mutate_toml
from tests.adversarial.mutate_zip import mutate_zip

RECORDING = f"in/{NAME}.mat"
WEIGHTS, BASELINE = "in/checkpoint.safetensors", "in/baseline.safetensors"
RESULTS = f"in/packed/results_tinyRSNN_{TWIN}.json"
PROVENANCE = f"in/packed/results_tinyRSNN_{TWIN}.provenance.json"
_PACK = ("submission", "pack", "in/packed", "--submission", "in/submission.toml", "-o", "out/a.zip")
PACK = Command((*_PACK, "--allow-twins", "--partial"))
_TWINS = ("--allow-twins", "--partial")


def _refusing(mutator: Mutator, *classes: str) -> Mutator:
    """The mutator, knowing that mutants of these classes are wrong in this kind of file."""

    def mutate(content: bytes, rng: Random) -> Mutant:
        mutant = mutator(content, rng)
        name = mutant.what.partition(":")[0]
        return Mutant(mutant.what, mutant.content, mutant.wrong or name in classes)

    return mutate


def _mutators(*own: tuple[int, Mutator]) -> tuple[tuple[int, Mutator], ...]:
    """Mutators that know the format, and now and then those that do not."""
    return (*own, (20, mutate_bytes), (4, replace_whole))


def _tensors(victim: str, *commands: Command, beside: tuple[str, ...] = (RECORDING,)) -> Target:
    return Target(victim, _mutators((76, mutate_safetensors)), commands, beside)


_LISTS = _mutators((76, _refusing(mutate_json, "not-finite", "drop", "text", "deep")))
_LOOSE = _mutators((76, _refusing(mutate_json, "not-finite", "deep")))
_ARCHIVE = _refusing(mutate_zip, "add", "rename", "drop", "bomb", "many", "method")
_BYTES = ((20, mutate_bytes), (4, replace_whole))
_TOML = _mutators((76, mutate_toml))
_CLUSTER = (*_TOML, (30, name_another_class))
_STUDY = ("in/study.toml", RECORDING)
_TRAINING = Rule(writable=("out/runs", "out/interrupted"), leaves_outputs=True)
_ON_CLUSTER = Command(
    ("sweep", "in/study.toml", "--cluster", "in/cluster.toml", "-o", "out"),
    Rule(must_refuse=True, leaves_outputs=True),
)
_STATUS = Command(("sweep", "status", "small", "-o", "out"), strict=False)
_ON_RUNS = (
    Command(("sweep", "in/study.toml", "--dry-run", "-o", "out/runs"), strict=False, weight=3),
    Command(("report", "in/packed", "--runs", "out/runs", "-o", "out/a.html"), strict=False),
    Command((*TRAIN, "-o", "out/runs"), _TRAINING, strict=False),
)
_CACHED = Command(READING, unaffected=True)

KINDS = (
    Kind(
        "recording",
        10,
        of_files(
            Target(
                RECORDING,
                _mutators((76, mutate_hdf5)),
                (
                    Command(("data", "info", RECORDING), Rule(silent=True), weight=3),
                    Command(("benchmark", WEIGHTS, "-s", RECORDING, "-o", "out"), weight=2),
                    Command(("benchmark", BASELINE, "-s", RECORDING, "-o", "out"), weight=1),
                ),
                (WEIGHTS, BASELINE),
            ),
        ),
    ),
    Kind(
        "checkpoint",
        14,
        of_files(
            _tensors(
                WEIGHTS,
                Command(("convert", "to-stork", WEIGHTS, "-o", "out"), weight=4),
                Command(("convert", "stock", WEIGHTS, "-o", "out"), weight=4),
                Command(("benchmark", WEIGHTS, "-s", RECORDING, "-o", "out")),
            ),
            _tensors(
                BASELINE,
                Command(("benchmark", BASELINE, "-s", RECORDING, "-o", "out")),
                Command(("convert", "to-stork", BASELINE, "-o", "out")),
            ),
            _tensors("in/packed/seed1.safetensors", PACK, beside=("in/packed", "in/submission")),
        ),
    ),
    Kind(
        "stork",
        12,
        of_files(
            Target(
                "in/weights.pth",
                _mutators((30, mutate_pickle), (30, mutate_state), (10, mutate_zip), (2, reduced)),
                (Command(("convert", "stork", "in/weights.pth", "-o", "out")),),
            ),
        ),
    ),
    Kind(
        "neurobench",
        10,
        of_files(
            Target(
                "in/baseline.pt",
                _mutators((30, mutate_pickle), (30, mutate_state), (10, mutate_zip), (2, reduced)),
                (Command(("convert", "neurobench", "in/baseline.pt", "-o", "out")),),
            ),
        ),
    ),
    Kind(
        "trace",
        6,
        of_files(
            Target(
                "in/trace.npz",
                _mutators((60, mutate_npz), (16, _refusing(mutate_zip, "rename", "drop"))),
                (
                    Command(
                        (
                            "convert",
                            "stork",
                            "in/weights.pth",
                            "--check",
                            "in/trace.npz",
                            "-o",
                            "out",
                        )
                    ),
                ),
                ("in/weights.pth",),
            ),
        ),
    ),
    Kind(
        "package",
        14,
        of_files(
            Target(
                "in/package.zip",
                _mutators((40, _ARCHIVE), (60, mutate_package), (1, same_weights)),
                (
                    Command(("submission", "validate", "in/package.zip", *_TWINS), weight=10),
                    Command(("submission", "validate", "in/package.zip", *_TWINS, "--json")),
                    Command(("submission", "verify", "in/package.zip", *_TWINS)),
                ),
            ),
        ),
    ),
    Kind(
        "results",
        14,
        of_files(
            Target(
                RESULTS,
                _LISTS,
                (
                    Command(("leaderboard", "in/packed", "--twins"), weight=4),
                    Command(("leaderboard", RESULTS, "--twins", "--json"), weight=2),
                    Command(("table", "1", "in/packed", "--twins"), weight=4),
                    Command(("table", "2", RESULTS, "--twins", "--format", "latex"), weight=2),
                    Command(("compare", "in/packed", "in/packed"), weight=4),
                    Command(("report", "in/packed", "-o", "out/report.html"), weight=1),
                    PACK,
                ),
                ("in/packed", "in/submission.toml"),
            ),
        ),
    ),
    Kind(
        "provenance",
        6,
        of_files(
            Target(
                PROVENANCE,
                _LOOSE,
                (
                    PACK,
                    Command(("report", "in/packed", "-o", "out/report.html"), strict=False),
                    Command(("leaderboard", "in/packed", "--twins"), strict=False),
                ),
                ("in/packed", "in/submission.toml"),
            ),
        ),
    ),
    Kind(
        "submission",
        5,
        of_files(
            Target("in/submission.toml", _TOML, (PACK,), ("in/packed",)),
        ),
    ),
    Kind(
        "study",
        8,
        of_files(
            Target(
                "in/study.toml",
                _TOML,
                (
                    Command(("sweep", "in/study.toml", "--dry-run", "-o", "out"), weight=4),
                    Command(("sweep", "in/study.toml", "--dry-run", "--json", "-o", "out")),
                    Command(("sweep", "status", "in/study.toml", "-o", "out")),
                ),
                (RECORDING,),
            ),
        ),
    ),
    Kind("cluster", 3, of_files(Target("in/cluster.toml", _CLUSTER, (_ON_CLUSTER,), _STUDY))),
    Kind(
        "study-folder",
        6,
        of_files(
            *(
                Target(f"out/studies/small/{name}", _LOOSE, (_STATUS,), ("out/studies",))
                for name in ("tasks.json", "alive.json", "running/finetune_a_seed1.json")
            )
        ),
    ),
    Kind(
        "run",
        2,
        of_files(
            Target("out/runs/*/stage.json", _LOOSE, _ON_RUNS, ("out/runs", "in/packed", *_STUDY)),
            Target("out/runs/*/log.jsonl", _BYTES, _ON_RUNS, ("out/runs", "in/packed", *_STUDY)),
            Target(
                "out/interrupted/*/state.safetensors",
                _mutators((76, mutate_safetensors)),
                (Command((*TRAIN, "-o", "out/interrupted"), _TRAINING),),
                ("out/interrupted", RECORDING),
            ),
        ),
    ),
    Kind(
        "cache",
        3,
        of_files(
            Target("cache/recordings/*/meta.json", _LOOSE, (_CACHED,), (*BESIDE, "cache")),
            Target("cache/recordings/*/*.npy", _BYTES, (_CACHED,), (*BESIDE, "cache")),
            Target("cache/digests/*.json", _LOOSE, (_CACHED,), (*BESIDE, "cache")),
        ),
    ),
    Kind("server", 8, make_download),
)
