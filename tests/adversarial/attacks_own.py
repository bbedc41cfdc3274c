"""Attacks on recordings of one's own, and on files that they are imported from."""

from __future__ import annotations

from tests.adversarial.judge import Rule
from tests.adversarial.kinds import Command, Kind, Target, of_files
from tests.adversarial.mutate_bytes import ANY_FILE, with_bytes
from tests.adversarial.mutate_npz import mutate_npz
from tests.adversarial.mutate_own import mutate_datasets, mutate_head
from tests.adversarial.mutate_zip import mutate_zip

OWN = "in/own.h5"
NPZ, MAT, HDF5 = "in/arrays.npz", "in/arrays.mat", "in/arrays.h5"


def _import(name: str) -> Command:
    arguments = ("data", "import", name, "--step", "0.05", "-o", "out/x.h5")
    return Command(arguments, output="out/x.h5", strict=False)


KINDS = (
    Kind(
        "own recording",
        4,
        of_files(
            Target(
                OWN,
                with_bytes((40, mutate_head), (40, mutate_datasets)),
                (
                    Command(("data", "info", OWN), Rule(silent=True), weight=3),
                    Command(("data", "info", OWN, "--json"), Rule(silent=True)),
                ),
            ),
        ),
    ),
    Kind(
        "import",
        6,
        of_files(
            Target(NPZ, with_bytes((50, mutate_npz), (20, mutate_zip)), (_import(NPZ),)),
            Target(MAT, ANY_FILE, (_import(MAT),)),
            Target(HDF5, with_bytes((60, mutate_datasets)), (_import(HDF5),)),
        ),
    ),
)
