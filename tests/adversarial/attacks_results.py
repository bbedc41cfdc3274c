"""Attacks on results, on what is told of them, and on packages of them."""

from __future__ import annotations

from dataclasses import replace

from tests.adversarial.corpus import PROVENANCE, RESULTS
from tests.adversarial.kinds import Command, Kind, Target, of_files
from tests.adversarial.mutant import refusing
from tests.adversarial.mutate_bytes import with_bytes
from tests.adversarial.mutate_json import mutate_json
from tests.adversarial.mutate_package import mutate_package, same_weights
from tests.adversarial.mutate_toml import mutate_toml
from tests.adversarial.mutate_zip import mutate_zip

_TWINS = ("--allow-twins", "--partial")
_PACK = ("submission", "pack", "in/packed", "--submission", "in/submission.toml", "-o", "out/a.zip")
PACK = Command((*_PACK, *_TWINS), output="out/a.zip")
"""Reads results, provenance, checkpoints and submission.toml, and checks all of them."""

_LISTS = with_bytes((76, refusing(mutate_json, "not-finite", "drop", "text", "deep")))
_LOOSE = with_bytes((76, refusing(mutate_json, "not-finite", "deep")))
_TOML = with_bytes((76, mutate_toml))
_ARCHIVE = refusing(mutate_zip, "add", "rename", "drop", "bomb", "many", "method")

KINDS = (
    Kind(
        "package",
        14,
        of_files(
            Target(
                "in/package.zip",
                with_bytes((40, _ARCHIVE), (60, mutate_package), (1, same_weights)),
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
                    replace(PACK, weight=4),
                    Command(("report", "in/packed", "-o", "out/report.html"), strict=False),
                    Command(("leaderboard", "in/packed", "--twins"), strict=False),
                    Command(
                        ("table", "2", "in/packed", "--twins", "--columns", "all"), strict=False
                    ),
                    Command(
                        ("compare", "in/packed", "in/packed", "--columns", "all"), strict=False
                    ),
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
)
