"""Attacks on studies, on clusters to run them on, and on the folders that runs leave behind."""

from __future__ import annotations

from tests.adversarial.cached import BESIDE, READING
from tests.adversarial.corpus import RECORDING, TRAIN
from tests.adversarial.judge import Rule
from tests.adversarial.kinds import Command, Kind, Target, of_files
from tests.adversarial.mutant import refusing
from tests.adversarial.mutate_bytes import ANY_FILE, with_bytes
from tests.adversarial.mutate_cluster import name_another_class
from tests.adversarial.mutate_json import mutate_json
from tests.adversarial.mutate_runs import mutate_unsealed_record, mutate_unsealed_state
from tests.adversarial.mutate_safetensors import mutate_safetensors
from tests.adversarial.mutate_toml import mutate_toml

_LOOSE = with_bytes((76, refusing(mutate_json, "not-finite", "deep")))
_RECORD = (*_LOOSE, (60, refusing(mutate_unsealed_record, "not-finite")))
_TOML = with_bytes((76, mutate_toml))
_CLUSTER = (*_TOML, (30, name_another_class))
_STUDY = ("in/study.toml", RECORDING)
_TRAINING = Rule(writable=("out/runs", "out/interrupted"), leaves_outputs=True)
_ON_CLUSTER = Command(
    ("sweep", "in/study.toml", "--cluster", "in/cluster.toml", "-o", "out"),
    Rule(must_refuse=True, leaves_outputs=True),
)
_STATUS = Command(("sweep", "status", "small", "-o", "out"), strict=False)
_ON_RUNS = (
    Command(("sweep", "in/study.toml", "--dry-run", "-o", "out/runs"), strict=False, weight=8),
    Command(("report", "in/packed", "--runs", "out/runs", "-o", "out/a.html"), strict=False),
    Command((*TRAIN, "-o", "out/runs"), _TRAINING, strict=False),
)
_CACHED = Command(READING, unaffected=True)

KINDS = (
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
    Kind("cluster", 2, of_files(Target("in/cluster.toml", _CLUSTER, (_ON_CLUSTER,), _STUDY))),
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
        1,
        of_files(
            Target("out/runs/*/stage.json", _RECORD, _ON_RUNS, ("out/runs", "in/packed", *_STUDY)),
            Target("out/runs/*/log.jsonl", ANY_FILE, _ON_RUNS, ("out/runs", "in/packed", *_STUDY)),
            Target(
                "out/interrupted/*/state.safetensors",
                with_bytes((26, mutate_safetensors), (50, mutate_unsealed_state)),
                (Command((*TRAIN, "-o", "out/interrupted"), _TRAINING),),
                ("out/interrupted", RECORDING),
            ),
        ),
    ),
    Kind(
        "cache",
        2,
        of_files(
            Target("cache/recordings/*/meta.json", _LOOSE, (_CACHED,), (*BESIDE, "cache")),
            Target("cache/recordings/*/*.npy", ANY_FILE, (_CACHED,), (*BESIDE, "cache")),
            Target("cache/digests/*.json", _LOOSE, (_CACHED,), (*BESIDE, "cache")),
        ),
    ),
)
