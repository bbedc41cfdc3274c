"""Attacks on recordings, on weights in every format, and on traces of what weights compute."""

from __future__ import annotations

from tests.adversarial.attacks_results import PACK
from tests.adversarial.corpus import BASELINE, RECORDING, WEIGHTS
from tests.adversarial.judge import Rule
from tests.adversarial.kinds import Command, Kind, Target, of_files
from tests.adversarial.mutant import refusing
from tests.adversarial.mutate_bytes import with_bytes
from tests.adversarial.mutate_hdf5 import mutate_hdf5
from tests.adversarial.mutate_npz import mutate_npz
from tests.adversarial.mutate_pickle import mutate_pickle, mutate_state, reduced
from tests.adversarial.mutate_safetensors import mutate_safetensors
from tests.adversarial.mutate_zip import mutate_zip


def _tensors(victim: str, *commands: Command, beside: tuple[str, ...] = (RECORDING,)) -> Target:
    return Target(victim, with_bytes((76, mutate_safetensors)), commands, beside)


def _convert(command: str, victim: str, output: str, weight: int = 1) -> Command:
    return Command(("convert", command, victim, "-o", "out"), output=output, weight=weight)


_PICKLES = with_bytes((30, mutate_pickle), (30, mutate_state), (10, mutate_zip), (2, reduced))
_CHECK = ("convert", "stork", "in/weights.pth", "--check", "in/trace.npz", "-o", "out")

KINDS = (
    Kind(
        "recording",
        10,
        of_files(
            Target(
                RECORDING,
                with_bytes((76, mutate_hdf5)),
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
                Command(
                    ("convert", "to-stork", WEIGHTS, "-o", "out"),
                    output="out/checkpoint.pth",
                    weight=4,
                ),
                Command(
                    ("convert", "stock", WEIGHTS, "-o", "out"),
                    output="out/checkpoint_stock.safetensors",
                    weight=4,
                ),
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
                _PICKLES,
                (
                    Command(
                        ("convert", "stork", "in/weights.pth", "-o", "out"),
                        output="out/weights.safetensors",
                    ),
                ),
            ),
        ),
    ),
    Kind(
        "neurobench",
        10,
        of_files(
            Target(
                "in/baseline.pt",
                _PICKLES,
                (
                    Command(
                        ("convert", "neurobench", "in/baseline.pt", "-o", "out"),
                        output="out/SNN2_baseline.safetensors",
                    ),
                ),
            ),
        ),
    ),
    Kind(
        "trace",
        6,
        of_files(
            Target(
                "in/trace.npz",
                with_bytes((60, mutate_npz), (16, refusing(mutate_zip, "rename", "drop"))),
                (Command(_CHECK),),
                ("in/weights.pth",),
            ),
        ),
    ),
)
